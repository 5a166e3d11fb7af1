/** The pipelines of a node: those that it runs, and the layers that it holds for pipelines of others. */
import { type Did, MicrogridError, putNewest } from "../../core";
import {
  type Backend,
  type DeviceInfo,
  type EngineSupervisor,
  type LoadProgress,
  type ModelOffer,
  type Provider,
  preferredBackend,
} from "../../inference";
import type { ModelLibrary } from "../../models";
import type { Graphs } from "../../pipeline";
import type { RoomSession } from "../../room";
import type { StateStore } from "../state-store";
import type { AnswerRequest, HeldStage, LayersWish, PipelinePlan, PlanOptions } from "../types";
import { diskBytes } from "./capacity";
import { RoomMemberContext } from "./member-context";
import { needsPipeline } from "./need";
import { OwnPipeline } from "./pipeline";
import type { Planned } from "./planner";
import { Restoring, type WantedPipeline } from "./restoring";
import { PipelineRun } from "./pipeline-run";
import { SplitModels } from "./split-models";

/** Plans that can still be opened. */
const MAX_PLANS = 8;
/** Many small changes of the state become one. */
const STATE_INTERVAL_MS = 100;

interface NodePipelinesOptions {
  readonly self: Did;
  readonly device: DeviceInfo;
  readonly supervisor: EngineSupervisor;
  /** Another engine, for graphs and layers of other members. */
  readonly guests: EngineSupervisor;
  /** Reads graphs of the user's models. */
  readonly graphs: Graphs;
  /** Reads graphs of other members, in a worker of its own. */
  readonly strangers: Graphs;
  readonly library: ModelLibrary;
  readonly store: StateStore;
  /** Memory that the user gives for layers, in bytes; undefined until the user has said whether layers are welcome. */
  givenBytes(): number | undefined;
  /** Whole models on this device. */
  localOffers(): readonly ModelOffer[];
  /** Called when the models for peers change, or the layers held for them. */
  onChange(): void;
}

export class NodePipelines {
  readonly #options: NodePipelinesOptions;
  readonly #backend: Backend;
  readonly #models: SplitModels;
  #diskBytes = 0;
  readonly #restoring: Restoring;
  readonly #own = new Map<string, OwnPipeline>();
  /** Plans that were returned to callers, with the facts that are needed to open them. */
  readonly #planned = new Map<string, { readonly planned: Planned; readonly wanted: PlanOptions }>();
  /** Models whose pipelines are being formed because of a request. */
  readonly #ensuring = new Map<string, Promise<void>>();
  #inside: RoomMemberContext | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NodePipelinesOptions) {
    const { library, supervisor, guests, graphs, strangers, device, store } = options;
    this.#options = options;
    this.#backend = preferredBackend(device);
    this.#models = new SplitModels({ library, supervisor: guests, backend: this.#backend, graphs, strangers });
    this.#restoring = new Restoring({
      gives: (holder) => holder === options.self || (this.#inside?.gives(holder as Did) ?? false),
      plan: (model, wanted, signal) => this.plan(model, wanted, signal),
      open: (plan, signal) => this.open(plan, signal),
      onFailure: (text) => store.notify({ id: "pipeline-restore", level: "warning", text }),
    });
    guests.on("lost", () => this.#inside?.host.crashed());
    supervisor.on("lost", ({ reason, models }) => {
      for (const own of this.#own.values()) if (models.includes(own.running.engineId)) own.crashed(reason);
    });
  }

  /** Pipelines that can answer now. */
  get providers(): readonly Provider[] {
    return [...this.#own.values()].flatMap(({ provider }) => provider ?? []);
  }

  /** True while a pipeline is being formed, planned again after a loss, or opened again after a reload. */
  get mayRecover(): boolean {
    return this.#restoring.waiting.length > 0 || [...this.#own.values()].some(({ provider }) => !provider);
  }

  /** The data that `restore` needs to open the pipelines again. */
  get wanted(): readonly WantedPipeline[] {
    const { self } = this.#options;
    const open = [...this.#own.values()].map(({ model, wanted, state }) => {
      const holders = state.stages.map(({ peer }) => (peer === "self" ? self : peer));
      return { model, ...wanted, holders: [...new Set(holders)] };
    });
    return [...this.#restoring.waiting, ...open];
  }

  /** Layers that are held here for others. */
  get held(): readonly HeldStage[] {
    return this.#inside?.host.held ?? [];
  }

  get wishes(): readonly LayersWish[] {
    return this.#inside?.host.wishes ?? [];
  }

  /** Follows the node's room. Call it when the node enters or leaves a room, or when the room changes. */
  follow(session: RoomSession | undefined): void {
    const { stages: traffic, weights } = session?.inside ?? {};
    if (this.#inside?.session !== session) {
      if (this.#inside) this.#leave();
      if (session && traffic && weights) {
        this.#inside = new RoomMemberContext(
          session,
          { traffic, bulk: weights },
          {
            ...this.#options,
            backend: this.#backend,
            models: this.#models,
            modelsFor: (did) => [...this.#own.values()].flatMap(({ running }) => running.modelFor(did) ?? []),
            ownBytes: () => [...this.#own.values()].reduce((sum, { running }) => sum + running.ownBytes, 0),
            onChange: () => this.#options.onChange(),
          },
        );
      }
    }
    this.#conform();
  }

  /** Rejects as `Pipelines.plan` does. */
  async plan(model: string, wanted: PlanOptions, signal: AbortSignal): Promise<PipelinePlan> {
    const inside = this.#current();
    const forbidden = inside.forbids(model, this.#options.self);
    if (forbidden !== undefined) throw new MicrogridError("bad-request", forbidden);
    const onProgress = (progress: LoadProgress): void => this.#reading(model, progress);
    const planned = await inside.planner
      .plan(model, wanted, { signal, onProgress })
      .finally(() => this.#reading(model, undefined));
    putNewest(this.#planned, keyOf(planned.plan), { planned, wanted }, MAX_PLANS);
    return planned.plan;
  }

  /** Rejects as `Pipelines.open` does. Resolves with its id. */
  async open(plan: PipelinePlan, signal: AbortSignal): Promise<string> {
    const own = this.#make(plan);
    this.#own.set(own.id, own);
    try {
      await own.form({ signal });
      return own.id;
    } catch (error) {
      this.#own.delete(own.id);
      throw error;
    } finally {
      this.#show();
    }
  }

  close(id: string): void {
    this.#own.get(id)?.close();
    if (this.#own.delete(id)) this.#show();
  }

  /**
   * Makes sure that a request that only a pipeline can answer finds one: where one is asked for, or where the model is
   * ready nowhere and too large for this device while the room could run it. Rejects as `plan` and `open` do.
   */
  async ensure(request: AnswerRequest, others: readonly Provider[]): Promise<void> {
    const { model } = request.generation;
    const running = this.#ensuring.get(model);
    if (running) return running;
    // One that is there, or on its way, is waited for.
    if (!this.#inside || this.wanted.some((each) => each.model === model)) return undefined;
    if (!needsPipeline(request, this.#options.store.state, others)) return undefined;
    // It is formed for all who may ask, whether or not the first one goes away.
    const { signal } = new AbortController();
    const ensuring = (async () => {
      const plan = await this.plan(model, {}, signal);
      if (plan.missing) throw new MicrogridError("no-provider", plan.missing.text);
      await this.open(plan, signal);
    })().finally(() => this.#ensuring.delete(model));
    this.#ensuring.set(model, ensuring);
    return ensuring;
  }

  /** Remembers the pipelines that were open before a reload. */
  expect(pipelines: readonly WantedPipeline[]): void {
    this.#restoring.expect(pipelines);
  }

  /** Opens the expected pipelines, now that the node is in its room. */
  restore(signal: AbortSignal): void {
    this.#restoring.start(signal);
  }

  /** Stops holding layers, after a short time for others to take them over. Tells the others the `reason`. */
  async handOver(reason: string): Promise<void> {
    await this.#inside?.host.handOver(reason);
  }

  #make(plan: PipelinePlan): OwnPipeline {
    const found = this.#planned.get(keyOf(plan));
    if (plan.missing) throw new MicrogridError("bad-request", plan.missing.text);
    const inside = this.#current();
    if (!found) {
      const text = "This plan is of another room, or was changed. Plan again, then open it.";
      throw new MicrogridError("bad-request", text);
    }
    if ([...this.#own.values()].some(({ model }) => model === plan.model)) {
      const text = `${plan.name} runs with the room already, or is being formed. Close that first.`;
      throw new MicrogridError("bad-request", text);
    }
    const { self, supervisor, localOffers } = this.#options;
    const own: OwnPipeline = new OwnPipeline(found.planned, {
      wanted: found.wanted,
      make: (planned, onLost) =>
        new PipelineRun({
          ...{ traffic: inside.traffic, self, supervisor, backend: this.#backend, localOffers, onLost },
          ...{ model: planned.model, plan: planned.plan },
          nameOf: (did) => inside.nameOf(did),
          replace: (range, not) => inside.planner.replace(planned, range, not),
          onChange: () => this.#changed(),
        }),
      plan: (model, wanted, options) => inside.planner.plan(model, wanted, options),
      onEnd: ({ message }) => this.#end(own, "error", message),
    });
    return own;
  }

  #current(): RoomMemberContext {
    if (this.#inside) return this.#inside;
    const text = "Pipelines run in rooms: open or join one first, and wait until you are inside.";
    throw new MicrogridError("bad-request", text);
  }

  /** Applies the user's limits and the charter to pipelines and layers that are running already. */
  #conform(): void {
    const inside = this.#inside;
    if (!inside) return;
    inside.host.conform();
    this.#limitDisk();
    for (const own of this.#own.values()) {
      const forbidden = inside.forbids(own.model, this.#options.self);
      if (forbidden !== undefined) this.#end(own, "warning", `${own.state.name} was closed. ${forbidden}`);
    }
  }

  /** Others choose which layers this device brings, so they get no more of its disk than goes with the memory given. */
  #limitDisk(): void {
    const { library, givenBytes } = this.#options;
    const bytes = diskBytes(givenBytes() ?? 0);
    if (bytes === this.#diskBytes || (givenBytes() ?? 0) === 0) return;
    this.#diskBytes = bytes;
    void library.limitParts(bytes).catch(() => undefined);
  }

  #leave(): void {
    for (const id of [...this.#own.keys()]) this.close(id);
    this.#restoring.forget();
    this.#planned.clear();
    this.#inside?.close();
    this.#inside = undefined;
  }

  /** A pipeline ends without its user, who is told why. */
  #end(own: OwnPipeline, level: "warning" | "error", text: string): void {
    if (this.#own.get(own.id) !== own) return;
    this.close(own.id);
    this.#options.store.notify({ id: `pipeline-${own.model}`, level, text });
  }

  /** Shows how far the reading of a graph is; undefined when that is over. */
  #reading(model: string, progress: LoadProgress | undefined): void {
    const { store } = this.#options;
    const { [model]: old, ...others } = store.state.graphs;
    if (progress) store.patch({ graphs: { ...others, [model]: progress } });
    else if (old) store.patch({ graphs: others });
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => this.#show(), STATE_INTERVAL_MS);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.store.patch({ pipelines: [...this.#own.values()].map(({ state }) => state) });
    this.#options.onChange();
  }
}

/** Which plan it is, and that nobody has changed it. */
function keyOf(plan: PipelinePlan): string {
  return JSON.stringify(plan);
}
