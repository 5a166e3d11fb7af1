/** Guesses the next tokens of a large model with a small one. */
import { commonPrefix } from "../prefix";
import type { Asker } from "./cache/pool";
import type { GuessOptions, Guesser } from "./drafts";
import { type GenerationParts, prefill } from "./generation";
import type { Sequence } from "./sequence";

/** Tokens of the first guess, and most of one: each costs a run of the small model, right or not. */
const FIRST_GUESS = 4;
const MAX_GUESS = 8;
/** Share of guessed tokens that must be right for guessing to be worth its time. */
const WORTHWHILE = 0.25;
/** Number of wrong guesses beyond that share before guessing stops: at the start, and the most that can be saved up. */
const FIRST_CREDIT = 2;
const MAX_CREDIT = 4;

/** The parts of a loaded model that guessing needs. */
export type GuessingParts<S extends Sequence> = Pick<
  GenerationParts<S>,
  "decoder" | "pool" | "contextLength" | "prefillChunk" | "turn"
>;

/**
 * Speculative decoding (Leviathan et al., "Fast inference from transformers via speculative decoding", 2023), checked by
 * equality: both models choose with the same random numbers, so they often agree, and the answer is the larger model's,
 * token for token. The guessing model may be unloaded or fail at any moment; no more guesses are made then.
 */
export class ModelGuesser<S extends Sequence> implements Guesser {
  readonly #parts: GuessingParts<S>;
  readonly #answer: AbortSignal;
  readonly #unloading: AbortSignal;
  readonly #asker: Asker;
  readonly #signal: AbortSignal;
  #sequence: S | undefined;
  /** The token ids that the sequence holds. */
  #held: readonly number[] = [];
  #length = FIRST_GUESS;
  #credit = FIRST_CREDIT;

  /** `answer` aborts when the answer ends, `unloading` when the guessing model (the one of `parts`) is unloaded. */
  constructor(
    parts: GuessingParts<S>,
    signals: { readonly answer: AbortSignal; readonly unloading: AbortSignal },
    asker: Asker,
  ) {
    this.#parts = parts;
    this.#asker = asker;
    this.#answer = signals.answer;
    this.#unloading = signals.unloading;
    this.#signal = AbortSignal.any([signals.answer, signals.unloading]);
  }

  async draft(ids: readonly number[], options: GuessOptions): Promise<readonly number[]> {
    const length = Math.min(this.#length, options.room, this.#parts.contextLength - ids.length);
    if (this.#credit <= 0 || length <= 0) return [];
    try {
      return await this.#guess(ids, length, options);
    } catch {
      this.#answer.throwIfAborted();
      this.#credit = 0;
      return [];
    }
  }

  learn(guessed: number, right: number): void {
    this.#credit = Math.min(MAX_CREDIT, this.#credit + right - guessed * WORTHWHILE);
    this.#length = right === guessed ? Math.min(MAX_GUESS, this.#length * 2) : right + 1;
  }

  /** Keeps the tokens that were read for the next turn of the conversation. */
  end(): void {
    this.#credit = 0;
    const sequence = this.#sequence;
    this.#sequence = undefined;
    if (!sequence) return;
    // After a failure, the content of the sequence may be unknown.
    if (this.#unloading.aborted || sequence.length !== this.#held.length) this.#parts.pool.discard(sequence);
    else this.#parts.pool.put(sequence, this.#held, this.#asker);
  }

  async #guess(ids: readonly number[], length: number, { choose }: GuessOptions): Promise<readonly number[]> {
    const { decoder } = this.#parts;
    const sequence = await this.#readyFor(ids);
    if (!sequence.canGoBack) {
      // Each wrong guess would cost the whole text.
      this.#credit = 0;
      return [];
    }
    let [logits] = await prefill(this.#parts, sequence, ids, this.#signal);
    this.#held = ids;
    const guesses: number[] = [];
    while (logits) {
      const id = choose(logits, guesses.length);
      if (id === undefined) break;
      guesses.push(id);
      if (guesses.length === length) break;
      [logits] = await decoder.predict(sequence, [id], 1, this.#signal);
      this.#held = [...ids, ...guesses];
    }
    return guesses;
  }

  /** The sequence without wrong guesses, and without the last of `ids`, which is fed next to get logits. */
  #readyFor(ids: readonly number[]): Promise<S> {
    return this.#parts.turn(() => {
      const { pool } = this.#parts;
      const sequence = this.#sequence ?? pool.take(ids, this.#asker);
      const kept = this.#sequence ? Math.min(commonPrefix(this.#held, ids), ids.length - 1) : sequence.length;
      sequence.truncate(kept);
      this.#sequence = sequence;
      this.#held = ids.slice(0, sequence.length);
      return Promise.resolve(sequence);
    }, this.#signal);
  }
}
