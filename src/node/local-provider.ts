/** This device as a provider: the loaded models, with the rates measured on its own answers. */
import type { EngineSupervisor } from "../inference";
import {
  type GenerateOptions,
  type Embedded,
  type EmbeddingRequest,
  type Estimate,
  type GenerationEvent,
  type GenerationRequest,
  type LoadedModelInfo,
  type ModelOffer,
  type Provider,
  type Usage,
  type WorkRequest,
  estimateWork,
} from "../inference";
import type { ModelSpeeds } from "./speeds";

/** Window of the token rate that peers see. */
const RATE_WINDOW_MS = 5_000;

interface LocalProviderOptions {
  readonly supervisor: EngineSupervisor;
  /** The speeds that this device has shown. */
  readonly speeds: ModelSpeeds;
  /** Called when offers, rates or jobs change. */
  onChange(): void;
  /** Called when an answer has told a model's speed. */
  onMeasured(): void;
}

/** Answers with the models that are loaded here. */
export class LocalProvider implements Provider {
  readonly id = "local";
  readonly kind = "local";
  readonly name = "this device";
  readonly #supervisor: EngineSupervisor;
  readonly #speeds: ModelSpeeds;
  readonly #offers = new Map<string, ModelOffer>();
  readonly #tokenTimes: number[] = [];
  readonly #onChange: () => void;
  readonly #onMeasured: () => void;
  #ownJobs = 0;

  constructor({ supervisor, speeds, onChange, onMeasured }: LocalProviderOptions) {
    this.#supervisor = supervisor;
    this.#speeds = speeds;
    this.#onChange = onChange;
    this.#onMeasured = onMeasured;
  }

  /** Pieces of work for this node's own user that are running. */
  get ownJobs(): number {
    return this.#ownJobs;
  }

  /** Tokens per second over the last seconds, for all answers together. */
  get tokenRate(): number {
    const since = performance.now() - RATE_WINDOW_MS;
    while (this.#tokenTimes.length > 0 && this.#tokenTimes[0]! < since) this.#tokenTimes.shift();
    return Math.round((1000 * this.#tokenTimes.length) / RATE_WINDOW_MS);
  }

  /** Adds a loaded model. */
  add(info: LoadedModelInfo): ModelOffer {
    const { id: model, prefillChunk: _1, kvInPlace: _2, surprise: _3, checked: _4, ...rest } = info;
    const offer = this.#speeds.recall({ model, ...rest });
    this.#offers.set(model, offer);
    this.#onChange();
    return offer;
  }

  /** Removes a model. */
  delete(model: string): void {
    if (this.#offers.delete(model)) this.#onChange();
  }

  models(): readonly ModelOffer[] {
    return [...this.#offers.values()];
  }

  estimate(request: WorkRequest): Estimate {
    const offer = this.#offers.get(request.model);
    if (!offer) return { firstTokenMs: Infinity, msPerToken: Infinity, price: 0, privacy: "device" };
    const { running, queued } = this.#supervisor.jobs;
    return estimateWork(request, { offer, backlog: running + queued, rttMs: 0, privacy: "device" });
  }

  async *generate(request: GenerationRequest, { signal, asker }: GenerateOptions): AsyncGenerator<GenerationEvent> {
    const alone = this.#supervisor.jobs.running === 0;
    for await (const event of this.#supervisor.generate({ ...request, asker }, { signal })) {
      if (event.type === "token" || event.type === "reasoning") this.#count(event.ids.length || 1);
      if (event.type === "done" && alone) this.#measure(request.model, event.usage);
      yield event;
    }
  }

  embed(request: EmbeddingRequest, options: { signal: AbortSignal }): Promise<Embedded> {
    return this.#supervisor.embed(request, options);
  }

  /** Counts work for this node's own user until the returned function is called, unless a peer does it. */
  countOwnJob({ kind }: Pick<Provider, "kind">): () => void {
    if (kind === "peer") return () => undefined;
    this.#ownJobs++;
    this.#onChange();
    let counted = true;
    return () => {
      if (!counted) return;
      counted = false;
      this.#ownJobs--;
      this.#onChange();
    };
  }

  #count(tokens: number): void {
    const now = performance.now();
    for (let i = 0; i < tokens; i++) this.#tokenTimes.push(now);
  }

  #measure(model: string, usage: Usage): void {
    const offer = this.#offers.get(model);
    if (!offer) return;
    this.#offers.set(model, this.#speeds.learn(offer, usage));
    this.#onChange();
    this.#onMeasured();
  }
}
