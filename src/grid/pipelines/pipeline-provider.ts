/** A pipeline as a provider: this device holds its two ends, and answers with it as with any model. */
import {
  type EngineSupervisor,
  type Estimate,
  type GenerationEvent,
  type GenerationRequest,
  type ModelOffer,
  type Provider,
  estimateAnswer,
} from "../../inference";
import { measured } from "../node/measured";

interface PipelineProviderOptions {
  readonly id: string;
  /** Name of its ends in the engine. */
  readonly engineId: string;
  readonly offer: ModelOffer;
  readonly supervisor: EngineSupervisor;
}

/** Answers by way of a ring of devices. */
export class PipelineProvider implements Provider {
  readonly id: string;
  readonly kind = "pipeline";
  readonly #options: PipelineProviderOptions;
  #offer: ModelOffer;
  #answers = 0;

  constructor(options: PipelineProviderOptions) {
    this.id = options.id;
    this.#options = options;
    this.#offer = options.offer;
  }

  get name(): string {
    return `${this.#offer.devices ?? 1} devices together`;
  }

  models(): readonly ModelOffer[] {
    return [this.#offer];
  }

  estimate(request: GenerationRequest): Estimate {
    // Hidden states go to the room's devices: that is as far as a prompt travels.
    const facts = { offer: this.#offer, backlog: this.#answers, rttMs: 0, privacy: "room" } as const;
    return estimateAnswer(request, facts);
  }

  async *generate(request: GenerationRequest, options: { signal: AbortSignal }): AsyncGenerator<GenerationEvent> {
    const { supervisor, engineId } = this.#options;
    const alone = this.#answers++ === 0;
    try {
      for await (const event of supervisor.generate({ ...request, model: engineId }, options)) {
        if (event.type === "done" && alone) this.#offer = measured(this.#offer, event.usage);
        yield event;
      }
    } finally {
      this.#answers--;
    }
  }
}
