/** A pipeline as a provider: this device holds its two ends and answers with it like with any other model. */
import { MicrogridError } from "../../core";
import {
  type EngineSupervisor,
  type GenerateOptions,
  type Estimate,
  type GenerationEvent,
  type GenerationRequest,
  type ModelOffer,
  type Provider,
  type WorkRequest,
  estimateWork,
} from "../../inference";
import { measured } from "../measured";

interface PipelineProviderOptions {
  readonly id: string;
  /** Name of its ends in the engine. */
  readonly engineId: string;
  readonly offer: ModelOffer;
  readonly supervisor: EngineSupervisor;
  /** Whole models on this device, any of which may draft tokens. */
  localOffers(): readonly ModelOffer[];
  /** Aborts when the pipeline ends, with the error that ended it. */
  readonly ended: AbortSignal;
}

/** How many times as fast as the pipeline a draft model must be, because some of its tokens will be wrong. */
const GUESSING_SPEED = 4;

/** Answers with the help of a ring of devices. */
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
    const { devices = 1 } = this.#offer;
    return devices > 1 ? `${devices} devices together` : "this device alone";
  }

  models(): readonly ModelOffer[] {
    return [this.#offer];
  }

  estimate(request: WorkRequest): Estimate {
    // Hidden states go to the room's devices, so a prompt does not leave the room.
    const facts = { offer: this.#offer, backlog: this.#answers, rttMs: 0, privacy: "room" } as const;
    return estimateWork(request, facts);
  }

  async *generate(request: GenerationRequest, { signal, asker }: GenerateOptions): AsyncGenerator<GenerationEvent> {
    const { supervisor, engineId } = this.#options;
    const alone = this.#answers++ === 0;
    try {
      const draft = this.#draft();
      const asked = { ...request, asker, model: engineId, ...(draft !== undefined && { draft }) };
      for await (const event of supervisor.generate(asked, { signal })) {
        if (event.type === "done" && alone) this.#offer = measured(this.#offer, event.usage);
        yield event;
      }
    } catch (error) {
      throw signal.aborted ? error : this.#cause(error);
    } finally {
      this.#answers--;
    }
  }

  /** Why an answer ended: where a device was lost, the engine only knows that the model is gone. */
  #cause(error: unknown): unknown {
    const { aborted, reason } = this.#options.ended as { aborted: boolean; reason: unknown };
    if (!aborted || !(reason instanceof MicrogridError) || reason.code === "closed") return error;
    return reason.code === "peer-lost" ? new MicrogridError("stage-lost", reason.message, { cause: reason }) : reason;
  }

  /** The fastest local model with the same tokens, if it is fast enough for drafting to pay off. */
  #draft(): string | undefined {
    const { tokenizerHash, decodeRate: own = Infinity } = this.#offer;
    const [fastest] = this.#options
      .localOffers()
      .filter((offer) => offer.tokenizerHash === tokenizerHash && (offer.decodeRate ?? 0) >= GUESSING_SPEED * own)
      .sort((a, b) => (b.decodeRate ?? 0) - (a.decodeRate ?? 0));
    return fastest?.model;
  }
}
