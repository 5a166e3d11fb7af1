/** What this node does for pipelines of others: says what it could hold, and holds what it has agreed to. */
import { type Did, MicrogridError } from "../../core";
import type { Backend, EngineSupervisor } from "../../inference";
import {
  type Ability,
  type Inability,
  type LinkSurvey,
  type OpenStage,
  type SplitModel,
  SurveyAnswers,
  StageHost,
  type StageRequest,
  type StageSource,
  type WeightSource,
} from "../../pipeline";
import type { BulkTraffic, StageTraffic } from "../../room";
import type { HeldStage, LayersWish } from "../types";
import type { SplitModels } from "./split-models";
import { modelOf, weightsOf } from "./weights";

/** What holds for layers in the room at this moment. */
export interface LayerTerms {
  /** Memory that the user gives, in bytes; undefined while it is not known whether layers are welcome. */
  readonly givenBytes: number | undefined;
  /** Why the charter does not let this model run here, or not for this member; undefined where it does. */
  forbids(model: string, consumer: Did): string | undefined;
  nameOf(did: Did): string;
}

interface LayerHostOptions {
  readonly traffic: StageTraffic;
  readonly bulk: BulkTraffic;
  readonly links: LinkSurvey;
  readonly models: SplitModels;
  readonly supervisor: EngineSupervisor;
  readonly backend: Backend;
  terms(): LayerTerms;
  /** What is held, or wanted, has changed. */
  onChange(): void;
}

/** Layers on this node for others, in one room. */
export class LayerHost {
  readonly #options: LayerHostOptions;
  #host: StageHost;
  readonly #answers: SurveyAnswers;
  /** Bytes of what is held or being loaded, by consumer and pipeline. */
  readonly #bytes = new Map<string, number>();
  readonly #wishes = new Map<string, { readonly did: Did; readonly model: string }>();

  constructor(options: LayerHostOptions) {
    const { traffic, links } = options;
    this.#options = options;
    this.#answers = new SurveyAnswers(traffic, links, (source, consumer) => this.#judge(source, consumer));
    this.#host = this.#newHost();
  }

  get held(): readonly HeldStage[] {
    const { nameOf } = this.#options.terms();
    return this.#host.stages.map(({ consumer, request: { pipeline, model, from, to } }) => {
      const bytes = this.#bytes.get(keyOf(consumer, pipeline)) ?? 0;
      return { pipeline, peer: consumer, name: nameOf(consumer), model, from, to, bytes };
    });
  }

  /** Who would like help, while the user has not said whether that is welcome. */
  get wishes(): readonly LayersWish[] {
    const { givenBytes, nameOf } = this.#options.terms();
    if (givenBytes !== undefined) return [];
    return [...this.#wishes.values()].map(({ did, model }) => ({ peer: did, name: nameOf(did), model }));
  }

  /** Holds nothing any more: others take over what they can until `signal` aborts, then the rest is given up. */
  async handOver(reason: string, options: { signal: AbortSignal }): Promise<void> {
    const host = this.#host;
    await host.handOver(options).catch(() => undefined);
    host.close(reason);
    // The user may change their mind.
    if (this.#host === host) this.#host = this.#newHost();
  }

  close(reason: string): void {
    this.#answers.close();
    this.#host.close(reason);
  }

  #newHost(): StageHost {
    const { traffic, onChange } = this.#options;
    return new StageHost({ traffic, open: (request, opening) => this.#open(request, opening), onChange });
  }

  async #judge(source: StageSource, consumer: Did): Promise<Ability | Inability> {
    const { terms, models, onChange } = this.#options;
    const { givenBytes, forbids } = terms();
    const forbidden = forbids(source.model, consumer);
    if (forbidden !== undefined) return { why: "charter", text: forbidden };
    if (givenBytes === undefined) {
      this.#wishes.set(`${consumer} ${source.model}`, { did: consumer, model: source.model });
      onChange();
      return { why: "consent", text: "Its user was asked whether it may hold layers, and has not answered yet." };
    }
    if (givenBytes === 0) return { why: "consent", text: "Its user does not give memory to layers." };
    const memoryBytes = this.#freeBytes(givenBytes);
    if (memoryBytes <= 0) return { why: "memory", text: "Its memory is taken by other pipelines." };
    let model;
    try {
      ({ model } = await this.#find(source, consumer, new AbortController()));
    } catch (error) {
      return { why: "model", text: error instanceof Error ? error.message : String(error) };
    }
    return { memoryBytes, ...(await models.speed(model)) };
  }

  /** The model that a consumer means, and where its weights come from; with `attempt` where it is to be held. */
  async #find(
    source: StageSource & { readonly attempt?: number },
    consumer: Did,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<{ readonly model: SplitModel; readonly weights: WeightSource }> {
    const { model: id, graph, weightsHash, attempt = 0 } = source;
    const given = this.#options.bulk.source(consumer, { model: id, graph, weightsHash });
    try {
      const model = await this.#options.models.agreed(source, signal);
      return { model, weights: weightsOf(model, given, { urgent: attempt > 0 }) };
    } catch (error) {
      if (!(error instanceof MicrogridError && error.code === "unknown-model")) throw error;
      // Who is only asked stores nothing.
      const adopted = source.attempt === undefined ? undefined : await this.#options.models.adopt(source, signal);
      if (adopted) return { model: adopted, weights: weightsOf(adopted, given, { urgent: attempt > 0 }) };
      return { model: await modelOf(source, given, { signal }), weights: given };
    }
  }

  async #open(
    request: StageRequest,
    { consumer, signal, onProgress }: Parameters<ConstructorParameters<typeof StageHost>[0]["open"]>[1],
  ): Promise<OpenStage> {
    const { supervisor, backend, terms } = this.#options;
    const { pipeline, from, to, context: contextLength, sequences, stepTokens } = request;
    const { givenBytes = 0, forbids } = terms();
    const forbidden = forbids(request.model, consumer);
    if (forbidden !== undefined) throw refused(forbidden);
    if (givenBytes === 0) throw refused("Its user does not give memory to layers.");
    const { model, weights } = await this.#find(request, consumer, { signal });
    if (from >= to || to > model.layers) throw refused(`The model has no layers ${from} to ${to}.`);
    const cacheBytes = model.bytesOf({ from, to }, contextLength * sequences) - model.bytesOf({ from, to }, 0);
    const bytes = model.bytesOf({ from, to }, contextLength * sequences);
    if (bytes > this.#freeBytes(givenBytes)) throw refused("Its memory is taken by other pipelines.");
    const key = keyOf(consumer, pipeline);
    this.#bytes.set(key, bytes);
    const id = `stage:${key}`;
    const close = (): void => {
      this.#bytes.delete(key);
      void supervisor.unload(id).catch(() => undefined);
    };
    try {
      const pkg = await model.package({ embed: false, from, to, head: false }, { id, signal, weights, onProgress });
      const limits = { sequences, contextLength, stepTokens, cacheBytes };
      return { ...(await supervisor.loadStage(pkg, { signal, backend, limits })), close };
    } catch (error) {
      close();
      throw error;
    }
  }

  #freeBytes(givenBytes: number): number {
    return givenBytes - [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
}

/** Two consumers may choose the same id. */
function keyOf(consumer: Did, pipeline: string): string {
  return `${consumer} ${pipeline}`;
}

function refused(why: string): MicrogridError {
  return new MicrogridError("stage-refused", why);
}
