/** The tokens of a model as bytes: which of them a state allows, and how to write a text with few of them. */
import type { State } from "./states";

/** Masks that are kept; those of large vocabularies take 20 kB each. */
const MAX_MASKS = 256;
const LONGEST_TOKEN = 255;
/** Where the shortest end is not unique, letters go before signs, and signs before bytes that cannot be seen. */
const TASTE: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x61 && byte <= 0x7a) return 0;
  return byte > 0x20 && byte < 0x7f ? 1 : 2;
});
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
  /** The tree of all tokens, each node before its children: its byte, its depth, and where the next node beside it is. */
  readonly #byte: Uint8Array;
  readonly #depth: Uint8Array;
  readonly #beside: Uint32Array;
  /** Where the ids of a node begin in `#ids`. */
  readonly #first: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #masks = new Map<State, Int32Array>();
  /** Null where the model cannot write the end. */
  readonly #closings = new WeakMap<State, Closing | null>();
  /** True if each byte is a token, so that every text can be written. */
  readonly #writesAll: boolean;
  /** Bytes of the longest token. */
  readonly #longest: number;

  /** `bytesOf` gives the bytes of the tokens below `size`; none for those that are no text. */
  constructor(size: number, bytesOf: (id: number) => Uint8Array) {
    const tokens: { readonly id: number; readonly key: string }[] = [];
    const single = new Set<number>();
    let total = 0;
    let longest = 0;
    for (let id = 0; id < size; id++) {
      const bytes = bytesOf(id);
      if (bytes.length === 0 || bytes.length > LONGEST_TOKEN) continue;
      // Strings are compared sooner than arrays.
      tokens.push({ id, key: String.fromCharCode(...bytes) });
      total += bytes.length;
      longest = Math.max(longest, bytes.length);
      if (bytes.length === 1) single.add(bytes[0]!);
    }
    tokens.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.id - b.id));
    this.#longest = longest;
    this.#writesAll = single.size === 256;
    this.#words = Math.ceil(size / 32);
    this.#ids = Uint32Array.from(tokens, ({ id }) => id);
    const byte = new Uint8Array(total);
    const depth = new Uint8Array(total);
    const beside = new Uint32Array(total);
    const first = new Uint32Array(total + 1);
    let count = 0;
    let previous = "";
    /** The nodes of the last token. */
    const path: number[] = [];
    for (const [index, { key }] of tokens.entries()) {
      let same = 0;
      while (same < previous.length && previous[same] === key[same]) same++;
      while (path.length > same) beside[path.pop()!] = count;
      // Tokens of equal bytes share a node.
      for (let at = same; at < key.length; at++) {
        byte[count] = key.charCodeAt(at);
        depth[count] = at;
        first[count] = index;
        path.push(count++);
      }
      first[count] = index + 1;
      previous = key;
    }
    for (const node of path) beside[node] = count;
    this.#byte = byte.slice(0, count);
    this.#depth = depth.slice(0, count);
    this.#beside = beside.slice(0, count);
    this.#first = first.slice(0, count + 1);
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
    const mask = new Int32Array(this.#words);
    const byte = this.#byte;
    const depth = this.#depth;
    const states: State[] = [start];
    for (let node = 0; node < byte.length;) {
      const at = depth[node]!;
      const next = states[at]!.after(byte[node]!);
      if (next === undefined) {
        node = this.#beside[node]!;
        continue;
      }
      states[at + 1] = next;
      const end = this.#first[node + 1]!;
      for (let index = this.#first[node]!; index < end; index++) {
        const id = this.#ids[index]!;
        mask[id >> 5]! |= 1 << (id & 31);
      }
      node++;
    }
    return mask;
  }

  /** Goes along the shortest text, always by the longest token, up to a state from where the rest is known. */
  #shortest(start: State): Closing | undefined {
    const path: { readonly state: State; readonly id: number }[] = [];
    let state = start;
    let closing = state.cost === 0 ? END : this.#closings.get(state);
    while (closing === undefined) {
      const step = this.#longestToken(state);
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

  #longestToken(start: State): { readonly id: number; readonly state: State } | undefined {
    let state = start;
    let found: { id: number; state: State } | undefined;
    let [from, to] = [0, this.#byte.length];
    while (state.cost > 0) {
      const next = this.#nearer(state, from, to);
      if (!next) return found;
      const { node } = next;
      ({ state } = next);
      if (this.#first[node + 1]! > this.#first[node]!) found = { id: this.#ids[this.#first[node]!]!, state };
      [from, to] = [node + 1, this.#beside[node]!];
    }
    return found;
  }

  /** A node among `from` to `to` (all children of one node) whose byte leads nearer to the end. */
  #nearer(state: State, from: number, to: number): { readonly node: number; readonly state: State } | undefined {
    let best: number | undefined;
    for (let node = from; node < to; node = this.#beside[node]!) {
      const byte = this.#byte[node]!;
      if (state.isNearer(byte) && (best === undefined || TASTE[byte]! < TASTE[this.#byte[best]!]!)) best = node;
    }
    const next = best === undefined ? undefined : state.after(this.#byte[best]!);
    return next && { node: best!, state: next };
  }
}
