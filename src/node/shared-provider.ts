/** All models with which this node answers its room: its own ones, and those that it runs together with others. */
import {
  type Estimate,
  type GenerationEvent,
  type GenerationRequest,
  type ModelOffer,
  type Provider,
} from "../inference";

/** Combines several providers of one node. If several have a model, the first one offers it. */
export class SharedProvider implements Provider {
  readonly id = "own";
  readonly kind = "local";
  readonly name = "this device";
  readonly #providers: () => readonly Provider[];

  constructor(providers: () => readonly Provider[]) {
    this.#providers = providers;
  }

  models(): readonly ModelOffer[] {
    const offers = this.#providers().flatMap((provider) => provider.models());
    return [...new Map(offers.reverse().map((offer) => [offer.model, offer])).values()].reverse();
  }

  estimate(request: GenerationRequest): Estimate {
    const provider = this.#of(request.model);
    if (provider) return provider.estimate(request);
    return { firstTokenMs: Infinity, msPerToken: Infinity, price: 0, privacy: "room" };
  }

  generate(request: GenerationRequest, options: { signal: AbortSignal }): AsyncIterable<GenerationEvent> {
    const provider = this.#of(request.model) ?? this.#providers()[0]!;
    return provider.generate(request, options);
  }

  #of(model: string): Provider | undefined {
    return this.#providers().find((provider) => provider.models().some((offer) => offer.model === model));
  }
}
