/** The base of all models in memory: they answer requests in the order of arrival until they are unloaded. */
import { MicrogridError } from "../core";
import { AnswerSlots } from "./answer-slots";
import { makesNoEmbeddings } from "./purpose";
import { type ResolvedRequest, chosenSampling } from "./sampling";
import type { Embedded, EngineRequest, GenerationEvent, LoadedModel, LoadedModelInfo } from "./types";

/** Text for the check after a load: ordinary words, since random ids are unlike anything that the model will read. */
export const CHECK_TEXT =
  "The quick brown fox jumps over the lazy dog while 17 engineers count sheep, and every morning the old lighthouse " +
  "keeper writes a short letter about the weather, the sea and the ships that passed in the night. ";

/** Tokens of an answer and tokens per second, to estimate the waiting time before anything was measured. */
const GUESSED_ANSWER_TOKENS = 128;
const GUESSED_DECODE_RATE = 10;
/** Weight of the newest answer in the running mean of durations. */
const MEAN_WEIGHT = 0.3;
/** Takes the place of a slot for a request that leaves the queue early: there is nothing to release yet. */
const NO_PLACE = { release: (): void => undefined };

/** A model that computes `places` answers at once and lets other requests wait. Engines say how it answers. */
export abstract class QueuedModel implements LoadedModel {
  readonly info: LoadedModelInfo;
  readonly #places: number;
  readonly #slots: AnswerSlots;
  readonly #unloading = new AbortController();
  #meanAnswerMs: number;
  #unloaded: Promise<void> | undefined;

  constructor(info: LoadedModelInfo, places: number) {
    this.info = info;
    this.#places = places;
    this.#slots = new AnswerSlots(places);
    this.#meanAnswerMs = (GUESSED_ANSWER_TOKENS / (info.decodeRate ?? GUESSED_DECODE_RATE)) * 1000;
  }

  /** Aborts at the call of `unload`. */
  get unloading(): AbortSignal {
    return this.#unloading.signal;
  }

  /** Streams one answer. Aborting, or leaving the loop, stops it before its next token. */
  async *generate(request: EngineRequest, options: { signal: AbortSignal }): AsyncGenerator<GenerationEvent, void> {
    const left = new AbortController();
    const signal = AbortSignal.any([options.signal, this.unloading, left.signal]);
    const queue = this.#slots.enter({ signal });
    let step = await queue.next();
    try {
      for (; !step.done; step = await queue.next()) {
        yield { type: "queued", position: step.value, etaMs: (step.value * this.#meanAnswerMs) / this.#places };
      }
      const startTime = performance.now();
      yield* this.answer({ ...request, sampling: chosenSampling(request.sampling, this.info.sampling) }, signal);
      this.#meanAnswerMs += MEAN_WEIGHT * (performance.now() - startTime - this.#meanAnswerMs);
    } finally {
      left.abort();
      if (step.done) step.value.release();
      else await queue.return(NO_PLACE);
    }
  }

  /** A model that answers has no vectors for texts. */
  embed(): Promise<Embedded> {
    return Promise.reject(makesNoEmbeddings(this.info.name || this.info.id));
  }

  /** Ends running answers with an error, and frees the memory after the last step. */
  unload(): Promise<void> {
    const { id, name } = this.info;
    this.#unloading.abort(
      new MicrogridError("model-not-loaded", `${name || id} was unloaded while it answered. Load it again to go on.`),
    );
    return (this.#unloaded ??= this.release());
  }

  /** Waits until no place is taken. Only for a model that is unloading, since it keeps the places. */
  protected async idle(): Promise<void> {
    const queue = this.#slots.enter({ signal: new AbortController().signal });
    let step = await queue.next();
    while (!step.done) step = await queue.next();
  }

  /** Streams the answer to a request that has a place. */
  protected abstract answer(request: ResolvedRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent, void>;

  /** Frees the memory once nothing computes any more. */
  protected abstract release(): Promise<void>;
}
