/** One model that this device runs together with others: its ring, its two local ends, and its provider. */
import { type Did, MicrogridError, randomId } from "../../core";
import type { Backend, EngineSupervisor, ModelOffer, StageService } from "../../inference";
import { Ring, type RingStage, type RingState } from "../../pipeline";
import type { StageLanes } from "../../room";
import type { PipelinePlan, PipelineState, PlannedStage, StageState } from "../types";
import { stepTokensOf } from "./split-models";
import { PipelineProvider } from "./pipeline-provider";
import type { KnownModel } from "./weights";

/** Number of drafted tokens, if the model can take tokens back. */
const MAX_DRAFT = 8;

/** The parts that a pipeline is built from. */
interface PipelineParts {
  readonly traffic: StageLanes;
  readonly self: Did;
  readonly supervisor: EngineSupervisor;
  readonly backend: Backend;
  readonly model: KnownModel;
  readonly plan: PipelinePlan;
  nameOf(did: Did): string;
  /** Whole models on this device. */
  localOffers(): readonly ModelOffer[];
  /** Names devices for layers whose device is lost. Throws if there are none. */
  replace(range: { readonly from: number; readonly to: number }, not: ReadonlySet<Did>): readonly RingStage[];
  onChange(): void;
  /** Called when it can no longer answer although nobody has closed it. */
  onLost(error: Error): void;
}

/** One run of a pipeline, from forming to closing. */
export class PipelineRun {
  /** Name of its ends in the engine. */
  readonly engineId = `pipeline:${randomId(8)}`;
  readonly #parts: PipelineParts;
  readonly #stop = new AbortController();
  #ring: RingState | undefined;
  #closeRing: ((error: Error) => void) | undefined;
  #provider: PipelineProvider | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Undefined until it can answer. */
  get provider(): PipelineProvider | undefined {
    return this.#provider;
  }

  /** The model, for a device that holds layers of it or is about to. */
  modelFor(did: Did): KnownModel | undefined {
    return this.#ring?.stages.some((stage) => stage.did === did) ? this.#parts.model : undefined;
  }

  /** Memory that its parts take on this device, in bytes. */
  get ownBytes(): number {
    const { plan, model, backend } = this.#parts;
    if (this.#stop.signal.aborted) return 0;
    const own = plan.stages.filter(({ peer }) => peer === "self");
    return own.reduce((sum, stage) => sum + stage.bytes + model.growthOf(stage, backend), model.endBytes(backend));
  }

  get plan(): PipelinePlan {
    return this.#parts.plan;
  }

  get state(): Omit<PipelineState, "id"> {
    const { model, name, layers } = this.plan;
    const status = !this.#provider ? "forming" : this.#ring?.status === "repairing" ? "repairing" : "ready";
    const offer = this.#provider?.models()[0];
    return { model, name, layers, status, offer, stages: this.#stages() };
  }

  /** Opens all stages and loads the two ends. If one of them fails, it throws and frees the others. */
  async form({ signal: given }: { signal: AbortSignal }): Promise<void> {
    const signal = AbortSignal.any([given, this.#stop.signal]);
    const { model, plan, supervisor, backend } = this.#parts;
    const { layers, stages } = plan;
    const first = stages[0];
    const last = stages.at(-1);
    const front = first?.peer === "self" ? first.to : 0;
    const back = last?.peer === "self" && stages.length > 1 ? last.from : layers;
    const backRange = { embed: false, from: front === layers ? layers : back, to: layers, head: true };
    try {
      const settings = model.parts.settings({ signal, onProgress: () => undefined });
      const sampled = backend === "webgpu";
      const frontRange = { embed: true, from: 0, to: front, head: false };
      const [ring, frontPackage, backPackage, { files, packageHash }] = await Promise.all([
        this.#openRing(
          stages.filter(({ peer }) => peer !== "self"),
          backRange,
          signal,
        ),
        model.package(frontRange, { id: "front", signal, sampled }),
        model.package(backRange, { id: "back", signal, sampled }),
        settings,
      ]);
      const info = await supervisor.loadEnds(
        {
          id: this.engineId,
          name: plan.name,
          packageHash,
          files,
          front: frontPackage,
          back: backPackage,
          contextLength: plan.context,
          stepTokens: stepTokensOf(model),
          canGoBack: model.decoder.truncatable,
          maxDraft: MAX_DRAFT,
        },
        { signal, backend, ring },
      );
      this.#provider = new PipelineProvider({
        id: this.engineId,
        engineId: this.engineId,
        supervisor,
        localOffers: () => this.#parts.localOffers(),
        ended: this.#stop.signal,
        offer: {
          model: plan.model,
          name: plan.name,
          packageHash,
          tokenizerHash: info.tokenizerHash,
          engine: info.engine,
          backend: info.backend,
          contextLength: info.contextLength,
          ...(info.sampling && { sampling: info.sampling }),
          prefillRate: undefined,
          decodeRate: plan.msPerToken > 0 ? 1000 / plan.msPerToken : undefined,
          devices: new Set([...stages.map(({ peer }) => peer), "self"]).size,
        },
      });
      this.#parts.onChange();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Frees everything, here and on other devices. */
  close(error: Error = new MicrogridError("closed", "The pipeline was closed.")): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(error);
    this.#closeRing?.(error);
    this.#provider = undefined;
    void this.#parts.supervisor.unload(this.engineId).catch(() => undefined);
    this.#parts.onChange();
  }

  async #openRing(
    stages: readonly PlannedStage[],
    back: { readonly embed: boolean; readonly from: number; readonly to: number; readonly head: boolean },
    signal: AbortSignal,
  ): Promise<StageService> {
    if (stages.length === 0) return NOBODY_BETWEEN;
    const { traffic, self, model, plan, replace, onChange } = this.#parts;
    const { context, sequences } = plan;
    const { takes: returns } = await model.partOf(back);
    const ring = await Ring.form(
      {
        ...{ traffic, self, source: model.source, context, sequences },
        stepTokens: stepTokensOf(model),
        returns,
        replace,
        onChange: (ring) => {
          this.#ring = ring;
          if (ring.error) this.#lost(ring.error);
          else onChange();
        },
      },
      stages.map(({ peer, from, to }) => ({ did: peer as Did, from, to })),
      { signal },
    );
    this.#closeRing = (error) => ring.close(error);
    signal.throwIfAborted();
    return ring;
  }

  /** Called when the ring has closed by itself. While the pipeline is still loading, `form` rejects. */
  #lost(error: Error): void {
    if (this.#stop.signal.aborted) return;
    if (this.#provider) this.#parts.onLost(error);
    else this.close(error);
  }

  /** The present holders of all layers, including this device. */
  #stages(): StageState[] {
    const { plan, nameOf } = this.#parts;
    const own = plan.stages
      .filter(({ peer }) => peer === "self")
      .map(({ from, to }) => {
        const ready = this.#provider !== undefined;
        return { peer: "self", name: "This device", from, to, ready, loadedBytes: 0, totalBytes: 0 };
      });
    const seats = this.#ring?.stages ?? [];
    const others = seats.map(({ did, ...seat }) => ({ peer: did, name: nameOf(did), ...seat }));
    return [...own, ...others].sort((a, b) => a.from - b.from);
  }
}

/** The ring of a model whose layers are all on this device. */
const NOBODY_BETWEEN: StageService = {
  forward: (step) => Promise.resolve(step.hidden),
  end: () => undefined,
};
