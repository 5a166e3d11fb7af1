/** All models with which this node answers its room: its own ones, and those that it runs together with others. */
import { MicrogridError } from "../core";
import {
  type GenerateOptions,
  type Embedded,
  type EmbeddingRequest,
  type Estimate,
  type GenerationEvent,
  type GenerationRequest,
  type ModelOffer,
  type Provider,
  type WorkRequest,
} from "../inference";

/** Combines several providers of one node. If several have a model, the first one offers it. */
export class SharedProvider implements Provider {
  readonly id = "own";
  readonly kind = "local";
  readonly name = "this device";
  readonly #providers: () => readonly Provider[];
  readonly #onAnswered: () => void;
  /** The models of the answers that run for others. */
  readonly #serving: string[] = [];

  /** `onAnswered` is called after each complete answer. */
  constructor(providers: () => readonly Provider[], onAnswered: () => void) {
    this.#providers = providers;
    this.#onAnswered = onAnswered;
  }

  /** The models that answer others now, each once. */
  get serving(): readonly string[] {
    return [...new Set(this.#serving)];
  }

  models(): readonly ModelOffer[] {
    const offers = this.#providers().flatMap((provider) => provider.models());
    return [...new Map(offers.reverse().map((offer) => [offer.model, offer])).values()].reverse();
  }

  estimate(request: WorkRequest): Estimate {
    const provider = this.#of(request.model);
    if (provider) return provider.estimate(request);
    return { firstTokenMs: Infinity, msPerToken: Infinity, price: 0, privacy: "room" };
  }

  async *generate(request: GenerationRequest, options: GenerateOptions): AsyncGenerator<GenerationEvent> {
    const provider = this.#of(request.model) ?? this.#providers()[0]!;
    this.#serving.push(request.model);
    try {
      for await (const event of provider.generate(request, options)) {
        if (event.type !== "done") {
          yield event;
          continue;
        }
        this.#onAnswered();
        // How much was read before is nobody else's business.
        yield { ...event, usage: { ...event.usage, cachedTokens: 0 } };
      }
    } finally {
      this.#serving.splice(this.#serving.indexOf(request.model), 1);
    }
  }

  async embed(request: EmbeddingRequest, options: { signal: AbortSignal }): Promise<Embedded> {
    const provider = this.#of(request.model);
    if (!provider?.embed) throw new MicrogridError("model-not-loaded", `“${request.model}” is not loaded here.`);
    this.#serving.push(request.model);
    try {
      const embedded = await provider.embed(request, options);
      this.#onAnswered();
      return embedded;
    } finally {
      this.#serving.splice(this.#serving.indexOf(request.model), 1);
    }
  }

  #of(model: string): Provider | undefined {
    return this.#providers().find((provider) => provider.models().some((offer) => offer.model === model));
  }
}
