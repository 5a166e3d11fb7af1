/** Keeps one answer in its format, token by token, and closes it in time. */
import type { State, States } from "./states";
import type { Vocabulary } from "./vocabulary";

/** A choice of the next token. */
interface Choice {
  /** Undefined if the answer has to end here. */
  readonly id: number | undefined;
  /** True if the model would have chosen a token after which the rest does not fit. */
  readonly cut: boolean;
}

/** The format of one answer. It begins where the answer does, behind any thought, or with the first token. */
export class Constraint {
  /** True if it begins with the first token, so that it says which thoughts there may be. */
  readonly includesThoughts: boolean;
  readonly #vocabulary: Vocabulary;
  readonly #endIds: ReadonlySet<number>;
  readonly #states: States;
  #state: State;

  /** `endIds` are the tokens that end an answer. */
  constructor(
    states: States,
    {
      vocabulary,
      endIds,
      includesThoughts = false,
    }: {
      readonly vocabulary: Vocabulary;
      readonly endIds: ReadonlySet<number>;
      readonly includesThoughts?: boolean;
    },
  ) {
    this.includesThoughts = includesThoughts;
    this.#states = states;
    this.#state = states.start;
    this.#vocabulary = vocabulary;
    this.#endIds = endIds;
  }

  /** True if only the end may follow. */
  get ended(): boolean {
    return this.#state.isOver;
  }

  /** Tokens that are missing at least, about; undefined if the model has no tokens for them, or no answer is that long. */
  get missing(): number | undefined {
    return this.#vocabulary.closing(this.#state)?.length;
  }

  /** The tokens that may follow, one bit for each id; the end is among them if the answer may end, and `more` are in any case. */
  mask(more: Iterable<number> = []): Int32Array {
    this.#states.beginToken();
    const extra = [...(this.#state.canEnd ? this.#endIds : []), ...more];
    const mask = this.#vocabulary.mask(this.#state);
    if (extra.length === 0) return mask;
    const words = Math.max(mask.length, 1 + (Math.max(...extra) >> 5));
    const all = new Int32Array(words);
    all.set(mask);
    for (const id of extra) all[id >> 5]! |= 1 << (id & 31);
    return all;
  }

  /** The token that a model chose among the allowed ones, if the answer can be closed behind it within `room` tokens. */
  fitting(chosen: number, bytes: Uint8Array, room: number): Choice {
    if (this.#state.canEnd && this.#endIds.has(chosen)) return { id: chosen, cut: false };
    const after = advanced(this.#state, bytes);
    if (after && this.#vocabulary.canClose(after, room - 1)) return { id: chosen, cut: false };
    return { id: this.#vocabulary.closing(this.#state)?.id, cut: true };
  }

  /** True if bytes may follow. */
  takes(bytes: Uint8Array): boolean {
    return advanced(this.#state, bytes) !== undefined;
  }

  /** Adds bytes to the answer. False if they may not be there; the answer then stays as it was. */
  accept(bytes: Uint8Array): boolean {
    const after = advanced(this.#state, bytes);
    if (after) this.#state = after;
    return after !== undefined;
  }
}

function advanced(start: State, bytes: Uint8Array): State | undefined {
  let state: State | undefined = start;
  for (const byte of bytes) state = state?.after(byte);
  return state;
}
