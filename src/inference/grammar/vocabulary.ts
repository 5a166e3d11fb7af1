/** The tokens of a model as bytes: which of them a state allows, and how to write a text with few of them. */
import type { State } from "./states";

/** Masks that are kept; those of large vocabularies take 20 kB each. */
const MAX_MASKS = 256;
const LONGEST_TOKEN = 255;
/** Bytes that are tried when a text is filled up or closed: letters before signs, and signs before what cannot be seen. */
const BYTES_BY_TASTE: readonly number[] = [
  ...Array.from({ length: 26 }, (_, at) => 0x61 + at),
  ...Array.from({ length: 0x7f - 0x21 }, (_, at) => 0x21 + at),
  ...Array.from({ length: 256 }, (_, byte) => byte),
];

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
  readonly #closings = new WeakMap<State, readonly number[] | null>();
  /** True if each byte is a token, so that every text can be written. */
  readonly #writesAll: boolean;

  /** `bytesOf` gives the bytes of the tokens below `size`; none for those that are no text. */
  constructor(size: number, bytesOf: (id: number) => Uint8Array) {
    const tokens: { readonly id: number; readonly bytes: Uint8Array }[] = [];
    for (let id = 0; id < size; id++) {
      const bytes = bytesOf(id);
      if (bytes.length > 0 && bytes.length <= LONGEST_TOKEN) tokens.push({ id, bytes });
    }
    tokens.sort((a, b) => compareBytes(a.bytes, b.bytes) || a.id - b.id);
    this.#words = Math.ceil(size / 32);
    const total = tokens.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const byte = new Uint8Array(total);
    const depth = new Uint8Array(total);
    const beside = new Uint32Array(total);
    const first = new Uint32Array(total + 1);
    let count = 0;
    let previous = new Uint8Array();
    const path: number[] = [];
    for (const [index, { bytes }] of tokens.entries()) {
      let same = 0;
      while (same < previous.length && previous[same] === bytes[same]) same++;
      // Tokens of equal bytes share a node.
      for (let at = same; at < bytes.length; at++) {
        for (const node of path.splice(at)) beside[node] = count;
        byte[count] = bytes[at]!;
        depth[count] = at;
        first[count] = index;
        path.push(count++);
      }
      first[count] = index + 1;
      previous = Uint8Array.from(bytes);
    }
    for (const node of path) beside[node] = count;
    this.#byte = byte.slice(0, count);
    this.#depth = depth.slice(0, count);
    this.#beside = beside.slice(0, count);
    this.#first = first.slice(0, count + 1);
    this.#ids = Uint32Array.from(tokens, ({ id }) => id);
    this.#writesAll = new Set(tokens.flatMap(({ bytes }) => (bytes.length === 1 ? [bytes[0]] : []))).size === 256;
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
    const closing = this.closing(state);
    return closing !== undefined && closing.length <= room;
  }

  /** Few tokens that end the text; undefined if the model cannot write its end. */
  closing(state: State): readonly number[] | undefined {
    let known = this.#closings.get(state);
    if (known === undefined) {
      known = this.#shortest(state) ?? null;
      this.#closings.set(state, known);
    }
    return known ?? undefined;
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

  /** Goes along the shortest text, always by the longest token. */
  #shortest(start: State): readonly number[] | undefined {
    const ids: number[] = [];
    let state = start;
    while (state.cost > 0) {
      const step = this.#longestToken(state);
      if (!step) return undefined;
      ids.push(step.id);
      state = step.state;
    }
    return ids;
  }

  #longestToken(start: State): { readonly id: number; readonly state: State } | undefined {
    let state = start;
    let found: { id: number; state: State } | undefined;
    let [from, to] = [0, this.#byte.length];
    while (state.cost > 0) {
      const next = this.#shorter(state, from, to);
      if (!next) return found;
      const { node } = next;
      ({ state } = next);
      if (this.#first[node + 1]! > this.#first[node]!) found = { id: this.#ids[this.#first[node]!]!, state };
      [from, to] = [node + 1, this.#beside[node]!];
    }
    return found;
  }

  /** A node among `from` to `to` (all children of one node) whose byte leads nearer to the end. */
  #shorter(state: State, from: number, to: number): { readonly node: number; readonly state: State } | undefined {
    const nodes = new Map<number, number>();
    for (let node = from; node < to; node = this.#beside[node]!) nodes.set(this.#byte[node]!, node);
    for (const byte of BYTES_BY_TASTE) {
      const node = nodes.get(byte);
      if (node === undefined) continue;
      const next = state.after(byte);
      if (next && next.cost < state.cost) return { node, state: next };
    }
    return undefined;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    if (a[at] !== b[at]) return a[at]! - b[at]!;
  }
  return a.length - b.length;
}
