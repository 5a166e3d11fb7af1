/** What this node does for pipelines of others: says what it could hold, and holds what it has agreed to. */
import { type Did, MicrogridError, randomId } from "../../core";
import type { Backend, EngineSupervisor } from "../../inference";
import {
  type Ability,
  type Inability,
  type LinkSurvey,
  type OpenStage,
  SurveyAnswers,
  StageServer,
  type StageRequest,
  type StageSource,
} from "../../pipeline";
import type { WeightTransfer, StageLanes } from "../../room";
import type { HeldStage, LayersWish } from "../types";
import { stepTokensOf } from "./limits";
import type { SplitModels } from "./split-models";
import { WantedModels } from "./wanted-models";
import { LayerRequests } from "./layer-requests";

/** How long a device that stops waits for others to take its layers, in ms. */
const HAND_OVER_MS = 20_000;

const NOTHING_GIVEN = "Its user does not give memory to layers.";

/** What holds for layers in the room at this moment. */
export interface LayerTerms {
  /** Memory that the user gives, in bytes; undefined while it is not known whether layers are welcome. */
  readonly givenBytes: number | undefined;
  /** Why the charter does not let this model run here, or not for this member; undefined where it does. */
  forbids(model: string, consumer: Did): string | undefined;
  isHere(did: Did): boolean;
  nameOf(did: Did): string;
}

interface LayerHostOptions {
  readonly traffic: StageLanes;
  readonly bulk: WeightTransfer;
  readonly links: LinkSurvey;
  readonly models: SplitModels;
  readonly supervisor: EngineSupervisor;
  readonly backend: Backend;
  terms(): LayerTerms;
  /** What is held, or wanted, has changed. */
  onChange(): void;
}

type Opening = Parameters<ConstructorParameters<typeof StageServer>[0]["open"]>[1];

/** Layers on this node for others, in one room. */
export class LayerOffer {
  readonly #options: LayerHostOptions;
  readonly #wanted: WantedModels;
  readonly #answers: SurveyAnswers;
  readonly #wishes = new LayerRequests();
  /** Bytes of what is held or being loaded. */
  readonly #bytes = new Map<StageRequest, number>();
  #host: StageServer;
  #handingOver: Promise<void> | undefined;

  constructor(options: LayerHostOptions) {
    const { traffic, links, bulk, models } = options;
    this.#options = options;
    this.#wanted = new WantedModels(models, bulk);
    this.#answers = new SurveyAnswers(traffic, links, (source, consumer, asking) =>
      this.#judge(source, consumer, asking),
    );
    this.#host = this.#newHost();
  }

  get held(): readonly HeldStage[] {
    const { nameOf } = this.#options.terms();
    return this.#host.stages.map(({ consumer, request }) => {
      const { pipeline, model, from, to } = request;
      const bytes = this.#bytes.get(request) ?? 0;
      return { pipeline, peer: consumer, name: nameOf(consumer), model, from, to, bytes };
    });
  }

  /** Memory that is held for others, or being loaded. */
  get heldBytes(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Who would like help, while the user has not said whether that is welcome. */
  get wishes(): readonly LayersWish[] {
    const { givenBytes, isHere, nameOf } = this.#options.terms();
    if (givenBytes !== undefined) this.#wishes.clear();
    return this.#wishes.of(isHere).map(({ member, model }) => ({ peer: member, name: nameOf(member), model }));
  }

  /** What the user gives, or the charter allows, is less than what is held: nothing is held then, and others may ask again. */
  conform(): void {
    const { givenBytes = 0, forbids } = this.#options.terms();
    const held = this.#host.stages;
    if (held.length === 0) return;
    const forbidden = held.map(({ consumer, request }) => forbids(request.model, consumer)).find((why) => why);
    if (forbidden !== undefined) void this.handOver(forbidden);
    else if (this.heldBytes > givenBytes) void this.handOver("It no longer gives so much memory to layers.");
  }

  /** Holds nothing any more, once others have taken over what they can in a short time. `reason` is for them. */
  handOver(reason: string): Promise<void> {
    this.#handingOver ??= this.#handOver(reason).finally(() => (this.#handingOver = undefined));
    return this.#handingOver;
  }

  /** The engine has lost all that was in it. */
  crashed(): void {
    this.#renew("Its engine has crashed.");
  }

  close(reason: string): void {
    this.#answers.close();
    this.#host.close(reason);
  }

  async #handOver(reason: string): Promise<void> {
    const host = this.#host;
    if (host.stages.length > 0)
      await host.handOver({ signal: AbortSignal.timeout(HAND_OVER_MS) }).catch(() => undefined);
    if (this.#host === host) this.#renew(reason);
  }

  /** Begins anew with nothing: a host that leaves takes no more stages, but its user may change their mind. */
  #renew(reason: string): void {
    this.#host.close(reason);
    this.#host = this.#newHost();
    this.#options.onChange();
  }

  #newHost(): StageServer {
    const { traffic, onChange } = this.#options;
    return new StageServer({ traffic, open: (request, opening) => this.#open(request, opening), onChange });
  }

  async #judge(source: StageSource, consumer: Did, asking: { signal: AbortSignal }): Promise<Ability | Inability> {
    const { terms, models, onChange } = this.#options;
    const { givenBytes, forbids } = terms();
    const forbidden = forbids(source.model, consumer);
    if (forbidden !== undefined) return { why: "charter", text: forbidden };
    if (givenBytes === undefined) {
      this.#wishes.add(consumer, source.model);
      onChange();
      return { why: "consent", text: "Its user was asked whether it may hold layers, and has not answered yet." };
    }
    if (givenBytes === 0) return { why: "consent", text: NOTHING_GIVEN };
    let model;
    try {
      model = await this.#wanted.look(source, consumer, asking);
    } catch (error) {
      return { why: "model", text: error instanceof Error ? error.message : String(error) };
    }
    const memoryBytes = givenBytes - this.heldBytes;
    // Measuring takes as much as holding one layer.
    if (model.sampleBytes(stepTokensOf(model)) > memoryBytes) {
      return { why: "memory", text: "It has no memory left for a layer of this model." };
    }
    return { memoryBytes, ...(await models.speed(model)) };
  }

  async #open(request: StageRequest, { consumer, signal, onProgress }: Opening): Promise<OpenStage> {
    const { supervisor, backend, terms } = this.#options;
    const { from, to, context: contextLength, sequences, stepTokens } = request;
    const given = (): number => {
      const { givenBytes = 0, forbids } = terms();
      const forbidden = forbids(request.model, consumer);
      if (forbidden !== undefined) throw refused(forbidden);
      if (givenBytes === 0) throw refused(NOTHING_GIVEN);
      return givenBytes;
    };
    given();
    const model = await this.#wanted.look(request, consumer, { signal });
    if (from >= to || to > model.layers) throw refused(`The model has no layers ${from} to ${to}.`);
    const bytes = model.bytesOf({ from, to }, contextLength * sequences);
    const cacheBytes = bytes - model.bytesOf({ from, to }, 0);
    signal.throwIfAborted();
    if (!(this.heldBytes + bytes <= given())) throw refused("Its memory is taken by other pipelines.");
    // From here on it counts, until it is closed, whatever becomes of it.
    this.#bytes.set(request, bytes);
    signal.addEventListener("abort", () => this.#bytes.delete(request), { once: true });
    const id = `stage:${randomId(8)}`;
    const close = (): void => {
      this.#bytes.delete(request);
      void supervisor.unload(id).catch(() => undefined);
    };
    try {
      const weights = await this.#wanted.weights(model, request, consumer, { signal });
      const pkg = await model.package({ embed: false, from, to, head: false }, { id, signal, weights, onProgress });
      const limits = { sequences, contextLength, stepTokens, cacheBytes };
      return { ...(await supervisor.loadStage(pkg, { signal, backend, limits })), close };
    } catch (error) {
      close();
      throw error;
    }
  }
}

function refused(why: string): MicrogridError {
  return new MicrogridError("stage-refused", why);
}
