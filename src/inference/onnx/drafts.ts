/** Guesses the next tokens from earlier text, so that several tokens can be checked in one pass. */

/** How to guess, in the middle of an answer. */
export interface GuessOptions {
  /** Most tokens that are of use. */
  readonly room: number;
  /** Chooses as the answer does; `ahead` tokens were guessed before this one. Undefined if nothing can follow. */
  choose(logits: Float32Array, ahead: number): number | undefined;
}

/** Guesses the next tokens of one answer. */
export interface Guesser {
  /** Tokens that may follow `ids`; empty if there is no good guess. Rejects with the answer's reason when it is aborted. */
  draft(ids: readonly number[], options: GuessOptions): Promise<readonly number[]>;
  /** Reports how many tokens of the last guess were right. */
  learn(guessed: number, right: number): void;
  /** Called when the answer no longer needs guesses. */
  end(): void;
}

/** Longest and shortest run of tokens that is looked up. */
const LONGEST_RUN = 4;
const SHORTEST_RUN = 2;

/**
 * Prompt lookup (Saxena 2023, also PLD): if the last tokens occurred before, the tokens that followed them are likely to
 * follow again. A wrong guess costs time, but never yields a wrong token. Guesses get longer while they are right, and
 * shorter when they are wrong.
 */
export class PromptLookup {
  readonly #max: number;
  #length: number;

  /** `max`: most tokens of one guess; 0 guesses nothing. */
  constructor(max: number) {
    this.#max = max;
    this.#length = Math.min(max, 2);
  }

  /** At most `room` tokens that may follow `ids`. */
  draft(ids: readonly number[], room: number): readonly number[] {
    const length = Math.min(this.#length, room);
    if (length <= 0) return [];
    for (let run = LONGEST_RUN; run >= SHORTEST_RUN; run--) {
      const start = lastEarlier(ids, run);
      if (start !== undefined) return ids.slice(start, start + length);
    }
    return [];
  }

  /** Tells how many tokens of a guess came true. */
  learn(guessed: number, right: number): void {
    if (guessed === 0) return;
    if (right === guessed) this.#length = Math.min(this.#max, this.#length * 2);
    else this.#length = Math.max(1, Math.min(this.#length, right + 1));
  }
}

/** Guesses by looking up earlier text, which is free, and with a model if that finds nothing. */
export class Drafts {
  readonly #lookup: PromptLookup;
  readonly #model: Guesser | undefined;
  #last: Pick<Guesser, "learn"> | undefined;

  /** `max`: most tokens of one guess; 0 guesses nothing. */
  constructor(max: number, model: Guesser | undefined) {
    this.#lookup = new PromptLookup(max);
    this.#model = model;
  }

  /** Tokens that may follow `ids`. Rejects with the answer's reason when it is aborted. */
  async draft(ids: readonly number[], options: GuessOptions): Promise<readonly number[]> {
    const found = this.#lookup.draft(ids, options.room);
    this.#last = found.length > 0 ? this.#lookup : this.#model;
    return found.length > 0 ? found : ((await this.#model?.draft(ids, options)) ?? []);
  }

  /** Reports how many tokens of the last guess were right. */
  learn(guessed: number, right: number): void {
    this.#last?.learn(guessed, right);
  }

  end(): void {
    this.#model?.end();
  }
}

/** Where the text goes on after the latest earlier place of its last `run` tokens. */
function lastEarlier(ids: readonly number[], run: number): number | undefined {
  for (let end = ids.length - 1; end >= run; end--) {
    let same = 0;
    while (same < run && ids[end - 1 - same] === ids[ids.length - 1 - same]) same++;
    if (same === run) return end;
  }
  return undefined;
}
