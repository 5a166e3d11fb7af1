/** The tokens of a model as bytes: which of them a state allows, and how to write a text with few of them. */
import { plainLength } from "./plain";
import type { State } from "./states";
import { type TokenBytes, TokenTree } from "./token-tree";

/** Masks that are kept; those of large vocabularies take 20 kB each. */
const MAX_MASKS = 256;
const LONGEST_TOKEN = 255;
/** Longer tokens, in characters, are not counted among the plain ones. */
const LONGEST_PLAIN = 32;
/** Ends that are longer, in bytes, are not written out: no answer is that long. */
const MAX_CLOSING = 2 ** 16;

/** Tokens that end a text. Texts whose ends are alike share the rest. */
interface Closing {
  readonly length: number;
  /** The first; undefined if there is none. */
  readonly id: number | undefined;
  readonly rest: Closing | undefined;
}

const END: Closing = { length: 0, id: undefined, rest: undefined };

/** The tokens that write text. */
export class Vocabulary {
  /** Words of a mask: one bit for each id. */
  readonly #words: number;
  readonly #all: TokenTree;
  /** The tokens that are not plain. */
  readonly #others: TokenTree;
  /** The ids of plain tokens by their number of characters. */
  readonly #plain: readonly (readonly number[])[];
  /** The bits of the plain tokens up to a number of characters, from the first that was asked for. */
  readonly #plainMasks = new Map<number, Int32Array>();
  readonly #masks = new Map<State, Int32Array>();
  /** Null where the model cannot write the end. */
  readonly #closings = new WeakMap<State, Closing | null>();
  /** True if each byte is a token, so that every text can be written. */
  readonly #writesAll: boolean;
  /** Bytes of the longest token. */
  readonly #longest: number;

  /** `bytesOf` gives the bytes of the tokens below `size`; none for those that are no text. */
  constructor(size: number, bytesOf: (id: number) => Uint8Array) {
    const tokens: TokenBytes[] = [];
    const single = new Set<number>();
    let longest = 0;
    for (let id = 0; id < size; id++) {
      const bytes = bytesOf(id);
      if (bytes.length === 0 || bytes.length > LONGEST_TOKEN) continue;
      tokens.push({ id, key: String.fromCharCode(...bytes) });
      longest = Math.max(longest, bytes.length);
      if (bytes.length === 1) single.add(bytes[0]!);
    }
    tokens.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.id - b.id));
    const plain: number[][] = [];
    const others = tokens.filter(({ id, key }) => {
      const length = plainLength(key);
      if (length === undefined || length > LONGEST_PLAIN) return true;
      (plain[length] ??= []).push(id);
      return false;
    });
    this.#longest = longest;
    this.#writesAll = single.size === 256;
    this.#words = Math.ceil(size / 32);
    this.#all = new TokenTree(tokens);
    this.#others = new TokenTree(others);
    this.#plain = Array.from(plain, (ids) => ids ?? []);
  }

  /** The tokens that may follow, one bit for each id. Not to be changed. */
  mask(state: State): Int32Array {
    const known = this.#masks.get(state);
    // The one that was used last is the last to go.
    this.#masks.delete(state);
    const mask = known ?? this.#allowed(state);
    this.#masks.set(state, mask);
    if (this.#masks.size > MAX_MASKS) this.#masks.delete(this.#masks.keys().next().value!);
    return mask;
  }

  /** True if the text can be ended with at most `room` tokens. */
  canClose(state: State, room: number): boolean {
    if (this.#writesAll && state.cost <= room) return true;
    if (state.cost > Math.min(room * this.#longest, MAX_CLOSING)) return false;
    const closing = this.closing(state);
    return closing !== undefined && closing.length <= room;
  }

  /** Few tokens that end the text; undefined if the model cannot write its end. */
  closing(state: State): Closing | undefined {
    const known = this.#closings.get(state);
    if (known !== undefined) return known ?? undefined;
    return state.cost > MAX_CLOSING ? undefined : this.#shortest(state);
  }

  #allowed(start: State): Int32Array {
    const length = this.#plainRun(start);
    if (length === undefined) {
      const mask = new Int32Array(this.#words);
      this.#all.allow(start, mask);
      return mask;
    }
    const mask = this.#plainUpTo(length).slice();
    this.#others.allow(start, mask);
    return mask;
  }

  /** How many plain characters may follow, whichever they are; undefined if that depends on them. */
  #plainRun(start: State): number | undefined {
    let state = start;
    for (let length = 0; length < this.#plain.length - 1; length++) {
      const after = state.afterPlain;
      if (after === "varied") return undefined;
      if (after === "none") return length;
      state = after;
    }
    return Math.max(0, this.#plain.length - 1);
  }

  #plainUpTo(length: number): Int32Array {
    let mask = this.#plainMasks.get(length);
    if (!mask) {
      mask = new Int32Array(this.#words);
      for (const ids of this.#plain.slice(0, length + 1)) {
        for (const id of ids) mask[id >> 5]! |= 1 << (id & 31);
      }
      this.#plainMasks.set(length, mask);
    }
    return mask;
  }

  /** Goes along the shortest text, always by the longest token, up to a state from where the rest is known. */
  #shortest(start: State): Closing | undefined {
    const path: { readonly state: State; readonly id: number }[] = [];
    let state = start;
    let closing = state.cost === 0 ? END : this.#closings.get(state);
    while (closing === undefined) {
      const step = this.#all.longest(state);
      if (step) path.push({ state, id: step.id });
      state = step?.state ?? state;
      closing = !step ? null : state.cost === 0 ? END : this.#closings.get(state);
    }
    for (const { state: before, id } of path.reverse()) {
      closing = closing && { length: closing.length + 1, id, rest: closing };
      this.#closings.set(before, closing);
    }
    return closing ?? undefined;
  }
}
