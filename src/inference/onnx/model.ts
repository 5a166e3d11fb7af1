/** A loaded ONNX model: serves requests in fair order until it is unloaded. */
import { QueuedModel } from "../queued-model";
import type { ResolvedRequest } from "../sampling";
import type { GenerationEvent, LoadedModelInfo } from "../types";
import type { Asker } from "./cache/pool";
import { ModelGuesser } from "./draft-model";
import type { Guesser } from "./drafts";
import { type GenerationParts, generateAnswer } from "./generation";
import type { Decoder, Sequence } from "./sequence";
import { type TakeTurn, type TurnQueue, turnTaker } from "./turns";

/** The parts of a model in memory. */
interface LoadedParts<S extends Sequence> extends Omit<GenerationParts<S>, "turn" | "decoder" | "name"> {
  decoder(turn: TakeTurn): Decoder<S>;
  /** Frees the graphs. Called in a turn. */
  release(): Promise<void>;
}

/** One model in memory. */
export class OnnxModel<S extends Sequence = Sequence> extends QueuedModel {
  readonly #parts: GenerationParts<S>;
  readonly #release: () => Promise<void>;
  readonly #turns: TurnQueue;

  constructor(options: {
    info: LoadedModelInfo;
    parts: LoadedParts<S>;
    turns: TurnQueue;
    /** Answers computed at once. */
    places: number;
    /** Rejects when the GPU device is lost; never settles otherwise. */
    lost: Promise<never>;
  }) {
    const { info, parts, turns, places, lost } = options;
    super(info, places);
    const turn = turnTaker({ turns, lost, backend: info.backend });
    this.#parts = { ...parts, name: info.name || info.id, decoder: parts.decoder(turn), turn };
    this.#release = () => parts.release();
    this.#turns = turns;
  }

  /** A guesser that uses this model for another model's answer. It takes its own turns; both must share a tokenizer. */
  guesser(answer: AbortSignal, asker: Asker): Guesser {
    return new ModelGuesser(this.#parts, { answer, unloading: this.unloading }, asker);
  }

  protected answer(request: ResolvedRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent, void> {
    return generateAnswer(this.#parts, request, { signal });
  }

  protected release(): Promise<void> {
    return this.#turns.run(async () => {
      this.#parts.pool.clear();
      await this.#release();
    });
  }
}
