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
import { isSameModel, publicModel, publicTitle } from "../room";

/** Combines several providers of one node, under the public names of their models. If several have a model, the first one offers it. */
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
    const once = [...new Map(offers.reverse().map((offer) => [offer.model, offer])).values()].reverse();
    return once.map(({ model, name, ...offer }) => ({
      ...offer,
      model: publicModel(model),
      name: publicTitle(model, name),
    }));
  }

  estimate(request: WorkRequest): Estimate {
    const own = this.#of(request.model);
    if (own) return own.provider.estimate({ ...request, model: own.model });
    return { firstTokenMs: Infinity, msPerToken: Infinity, price: 0, privacy: "room" };
  }

  async *generate(request: GenerationRequest, options: GenerateOptions): AsyncGenerator<GenerationEvent> {
    const { provider, model } = this.#of(request.model) ?? { provider: this.#providers()[0]!, model: request.model };
    this.#serving.push(model);
    try {
      for await (const event of provider.generate({ ...request, model }, options)) {
        if (event.type !== "done") {
          yield event;
          continue;
        }
        this.#onAnswered();
        // How much was read before is nobody else's business.
        yield { ...event, usage: { ...event.usage, cachedTokens: 0 } };
      }
    } finally {
      this.#serving.splice(this.#serving.indexOf(model), 1);
    }
  }

  async embed(request: EmbeddingRequest, options: { signal: AbortSignal }): Promise<Embedded> {
    const { provider, model } = this.#of(request.model) ?? {};
    if (!provider?.embed || model === undefined) {
      throw new MicrogridError("model-not-loaded", `“${request.model}” is not loaded here.`);
    }
    this.#serving.push(model);
    try {
      const embedded = await provider.embed({ ...request, model }, options);
      this.#onAnswered();
      return embedded;
    } finally {
      this.#serving.splice(this.#serving.indexOf(model), 1);
    }
  }

  /** The provider of a model that the room asks for, and the model's id there. */
  #of(asked: string): { readonly provider: Provider; readonly model: string } | undefined {
    for (const provider of this.#providers()) {
      const offer = provider.models().find(({ model }) => isSameModel(model, asked));
      if (offer) return { provider, model: offer.model };
    }
    return undefined;
  }
}
