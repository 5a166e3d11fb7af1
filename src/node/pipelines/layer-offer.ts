/**
 * Serves other members' pipelines: says how many layers this node can hold, and holds those that it agreed to.
 */
import { type Did, MicrogridError, onAbort, randomId } from "../../core";
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
import { type SplitModels, stepTokensOf } from "./split-models";
import { WantedModels } from "./wanted-models";
import { LayerRequests } from "./layer-requests";
import { GraphTooMuch } from "./graph-worker";
import { StepWatchdog } from "./step-watchdog";

/** How long a device that stops waits for others to take its layers, in ms. */
const HAND_OVER_MS = 20_000;

const SHUNNED = "A model that you named took far too much work here, so this device holds no layers for you any more.";
const NOTHING_GIVEN = "Its user does not offer memory for layers.";

/** The present terms for layers in the room. */
export interface LayerTerms {
  /** Memory that the user gives, in bytes; undefined until the user has decided. */
  readonly givenBytes: number | undefined;
  /** Why the charter forbids this model here or for this member; undefined if it is allowed. */
  forbids(model: string, consumer: Did): string | undefined;
  /** Whether the charter allows only the models that it names. */
  readonly namesModels: boolean;
  isHere(did: Did): boolean;
  nameOf(did: Did): string;
}

interface LayerOfferOptions {
  readonly traffic: StageLanes;
  readonly bulk: WeightTransfer;
  readonly links: LinkSurvey;
  readonly models: SplitModels;
  /** The engine for layers of others: apart from that of the user's own models, since it may have to be ended. */
  readonly supervisor: EngineSupervisor;
  readonly backend: Backend;
  terms(): LayerTerms;
  /** Called when the held layers or the requests have changed. */
  onChange(): void;
}

type Opening = Parameters<ConstructorParameters<typeof StageServer>[0]["open"]>[1];

/** Offers this node's memory to other members' pipelines in one room. */
export class LayerOffer {
  readonly #options: LayerOfferOptions;
  readonly #wanted: WantedModels;
  readonly #answers: SurveyAnswers;
  readonly #wishes = new LayerRequests();
  /** Bytes of the layers that are held or being loaded. */
  readonly #bytes = new Map<StageRequest, number>();
  readonly #watch: StepWatchdog;
  /** Members whose layers have computed, or whose graphs were read, without an end. Nothing is held for them while the page lives. */
  readonly #shunned = new Set<Did>();
  #host: StageServer;
  #handingOver: Promise<void> | undefined;

  constructor(options: LayerOfferOptions) {
    const { traffic, links, bulk, models } = options;
    this.#options = options;
    this.#wanted = new WantedModels(models, bulk);
    this.#answers = new SurveyAnswers(traffic, links, (source, consumer, asking) =>
      this.#judge(source, consumer, asking),
    );
    this.#watch = new StepWatchdog({
      isLoading: () => options.supervisor.loading,
      onStuck: (consumer) => this.#stuck(consumer as Did),
    });
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

  /** Memory that is held for others or being loaded, in bytes. */
  get heldBytes(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Members that ask for help, while the user has not decided. */
  get wishes(): readonly LayersWish[] {
    const { givenBytes, isHere, nameOf } = this.#options.terms();
    if (givenBytes !== undefined) this.#wishes.clear();
    return this.#wishes.of(isHere).map(({ member, model }) => ({ peer: member, name: nameOf(member), model }));
  }

  /**
   * Call this when the user's offer or the charter may have changed. If more is held than is allowed, all of it is
   * handed over; members may ask again.
   */
  conform(): void {
    const { givenBytes = 0, forbids } = this.#options.terms();
    const held = this.#host.stages;
    if (held.length === 0) return;
    const forbidden = held.map(({ consumer, request }) => forbids(request.model, consumer)).find((why) => why);
    if (forbidden !== undefined) void this.handOver(forbidden);
    else if (this.heldBytes > givenBytes) void this.handOver("It now offers less memory for layers.");
  }

  /**
   * Frees all layers, after giving others a short time to take them over. `reason` is for the members that use them.
   */
  handOver(reason: string): Promise<void> {
    this.#handingOver ??= this.#handOver(reason).finally(() => (this.#handingOver = undefined));
    return this.#handingOver;
  }

  /** Call this when the engine has crashed and lost everything. */
  crashed(): void {
    this.#watch.clear();
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

  /** Starts again without layers: a server that leaves accepts no more stages, but its user may change their mind. */
  #renew(reason: string): void {
    this.#host.close(reason);
    this.#host = this.#newHost();
    this.#options.onChange();
  }

  #newHost(): StageServer {
    const { traffic, onChange } = this.#options;
    return new StageServer({ traffic, open: (request, opening) => this.#open(request, opening), onChange });
  }

  /** A step runs on and on, and a run of the engine cannot be stopped: its worker ends, with all that is in it. */
  #stuck(consumer: Did): void {
    this.#shunned.add(consumer);
    this.#options.supervisor.giveUp("a layer for another member took far too long");
  }

  async #judge(source: StageSource, consumer: Did, asking: { signal: AbortSignal }): Promise<Ability | Inability> {
    const { terms, models, backend, onChange } = this.#options;
    const { givenBytes, forbids, namesModels } = terms();
    const forbidden = forbids(source.model, consumer);
    if (forbidden !== undefined) return { why: "charter", text: forbidden };
    if (this.#shunned.has(consumer)) return { why: "model", text: SHUNNED };
    if (givenBytes === undefined) {
      this.#wishes.add(consumer, source.model);
      onChange();
      return { why: "consent", text: "Its user has been asked for permission and has not answered yet." };
    }
    if (givenBytes === 0) return { why: "consent", text: NOTHING_GIVEN };
    let model;
    try {
      model = await this.#wanted.look(source, consumer, { ...asking, mustKnow: namesModels });
    } catch (error) {
      if (error instanceof GraphTooMuch) this.#shunned.add(consumer);
      return { why: "model", text: error instanceof Error ? error.message : String(error) };
    }
    const freeBytes = givenBytes - this.heldBytes;
    // A measurement takes as much memory as one layer.
    if (model.sampleBytes(stepTokensOf(model), backend) > freeBytes) {
      return { why: "memory", text: "It has too little memory left for a layer of this model." };
    }
    return { memoryBytes: model.fitting(freeBytes, backend), ...(await models.speed(model)) };
  }

  async #open(request: StageRequest, { consumer, signal, onProgress }: Opening): Promise<OpenStage> {
    const { supervisor, backend, terms } = this.#options;
    const { from, to, context: contextLength, sequences, stepTokens } = request;
    if (this.#shunned.has(consumer)) throw refused(SHUNNED);
    const given = (): number => {
      const { givenBytes = 0, forbids } = terms();
      const forbidden = forbids(request.model, consumer);
      if (forbidden !== undefined) throw refused(forbidden);
      if (givenBytes === 0) throw refused(NOTHING_GIVEN);
      return givenBytes;
    };
    given();
    const model = await this.#wanted.look(request, consumer, { signal, mustKnow: terms().namesModels });
    if (from >= to || to > model.layers) throw refused(`The model has no layers ${from} to ${to}.`);
    const bytes = model.bytesOf({ from, to }, contextLength * sequences, { sequences, backend });
    const cacheBytes = bytes - model.bytesOf({ from, to }, 0, { sequences: 0, backend });
    signal.throwIfAborted();
    if (!(this.heldBytes + bytes <= given())) throw refused("Its memory is taken by other pipelines.");
    // From here on the memory counts as taken until `close`, which also runs if loading fails.
    this.#bytes.set(request, bytes);
    onAbort(signal, () => this.#bytes.delete(request));
    const id = `stage:${randomId(8)}`;
    const close = (): void => {
      this.#bytes.delete(request);
      void supervisor.unload(id).catch(() => undefined);
    };
    try {
      const weights = await this.#wanted.weights(model, request, consumer, { signal });
      const pkg = await model.package(
        { embed: false, from, to, head: false },
        {
          ...{ id, signal, weights, onProgress },
          sampled: backend === "webgpu",
        },
      );
      const limits = { sequences, contextLength, stepTokens, cacheBytes };
      const { info, service } = await supervisor.loadStage(pkg, { signal, backend, limits });
      return { info, service: this.#watch.over(service, info, consumer), close };
    } catch (error) {
      close();
      throw error;
    }
  }
}

function refused(why: string): MicrogridError {
  return new MicrogridError("stage-refused", why);
}
