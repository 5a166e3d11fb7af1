/** A loaded ONNX model: serves requests in fair order until it is unloaded. */
import { MicrogridError, unless } from "../../core";
import type { GenerationEvent, EngineRequest, LoadedModel, LoadedModelInfo } from "../types";
import { AnswerSlots } from "../answer-slots";
import { chosenSampling } from "../sampling";
import { ModelGuesser } from "./draft-model";
import type { Guesser } from "./drafts";
import { engineError } from "./errors";
import { type GenerationParts, generateAnswer } from "./generation";
import type { Decoder, Sequence } from "./sequence";
import type { TurnQueue } from "./turns";

/** Answers that the time in line is guessed from, before any was measured. */
const GUESSED_ANSWER_TOKENS = 128;
/** Weight of the newest answer in the running mean of durations. */
const MEAN_WEIGHT = 0.3;

/** Runs one step in the worker's fair order and explains its errors. */
export type TakeTurn = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** The parts of a model in memory. */
interface LoadedParts<S extends Sequence> extends Omit<GenerationParts<S>, "turn" | "decoder"> {
  decoder(turn: TakeTurn): Decoder<S>;
  /** Frees the graphs. Called in a turn. */
  release(): Promise<void>;
}

/** One model in memory. */
export class OnnxModel<S extends Sequence = Sequence> implements LoadedModel {
  readonly info: LoadedModelInfo;
  readonly #parts: GenerationParts<S>;
  readonly #release: () => Promise<void>;
  readonly #turns: TurnQueue;
  readonly #admission: AnswerSlots;
  readonly #places: number;
  readonly #unlessLost: ReturnType<typeof unless>;
  readonly #unloading = new AbortController();
  #meanAnswerMs: number;
  #unloaded: Promise<void> | undefined;

  constructor(options: {
    info: LoadedModelInfo;
    parts: LoadedParts<S>;
    turns: TurnQueue;
    /** Answers computed at once. */
    places: number;
    /** Rejects when the GPU device is lost; never settles otherwise. */
    lost: Promise<never>;
  }) {
    this.info = options.info;
    const turn: TakeTurn = (work, signal) => this.#turn(work, signal);
    const { parts } = options;
    this.#parts = { ...parts, decoder: parts.decoder(turn), turn };
    this.#release = () => parts.release();
    this.#turns = options.turns;
    this.#places = options.places;
    this.#admission = new AnswerSlots(options.places);
    this.#unlessLost = unless(options.lost);
    this.#meanAnswerMs = (GUESSED_ANSWER_TOKENS / (options.info.decodeRate ?? 10)) * 1000;
  }

  /** True from the call of `unload` on. */
  get unloading(): boolean {
    return this.#unloading.signal.aborted;
  }

  /** Streams one answer. Aborting, or leaving the loop, stops it before its next token. */
  async *generate(request: EngineRequest, options: { signal: AbortSignal }): AsyncGenerator<GenerationEvent, void> {
    const left = new AbortController();
    const signal = AbortSignal.any([options.signal, this.#unloading.signal, left.signal]);
    try {
      signal.throwIfAborted();
      const line = this.#admission.enter({ signal });
      let step = await line.next();
      for (; !step.done; step = await line.next()) {
        yield { type: "queued", position: step.value, etaMs: (step.value * this.#meanAnswerMs) / this.#places };
      }
      const startTime = performance.now();
      try {
        const sampling = chosenSampling(request.sampling, this.info.sampling);
        yield* generateAnswer(this.#parts, { ...request, sampling }, { signal });
        this.#meanAnswerMs += MEAN_WEIGHT * (performance.now() - startTime - this.#meanAnswerMs);
      } finally {
        step.value.release();
      }
    } finally {
      left.abort();
    }
  }

  /** A guesser that uses this model for another model's answer. It takes its own turns; both must share a tokenizer. */
  guesser(answer: AbortSignal): Guesser {
    return new ModelGuesser(this.#parts, { answer, unloading: this.#unloading.signal });
  }

  /** Ends running answers with an error, and frees the memory after the last turn. */
  unload(): Promise<void> {
    this.#unloaded ??= this.#unload();
    return this.#unloaded;
  }

  async #unload(): Promise<void> {
    const { id, name } = this.info;
    this.#unloading.abort(
      new MicrogridError("model-not-loaded", `${name || id} was unloaded while it answered. Load it again to go on.`),
    );
    await this.#turns.run(async () => {
      this.#parts.pool.clear();
      await this.#release();
    });
  }

  async #turn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#unlessLost(this.#turns.run(work, { signal }));
    } catch (error) {
      throw signal.aborted ? signal.reason : engineError(error, this.info.backend);
    }
  }
}
