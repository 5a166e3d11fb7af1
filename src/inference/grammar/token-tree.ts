/** Tokens as a tree of their bytes, so that those which begin alike are looked at once. */
import type { State } from "./states";

/** A token as text whose characters are its bytes: strings are compared sooner than arrays. */
export interface TokenBytes {
  readonly id: number;
  readonly key: string;
}

/** Where the shortest end is not unique, letters go before signs, and signs before bytes that cannot be seen. */
const TASTE: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x61 && byte <= 0x7a) return 0;
  return byte > 0x20 && byte < 0x7f ? 1 : 2;
});

/** The tree of some tokens. */
export class TokenTree {
  /** Each node before its children: its byte, its depth, and where the next node beside it is. */
  readonly #byte: Uint8Array;
  readonly #depth: Uint8Array;
  readonly #beside: Uint32Array;
  /** Where the ids of a node begin in `#ids`. */
  readonly #first: Uint32Array;
  readonly #ids: Uint32Array;

  /** The tokens have to be in the order of their keys. */
  constructor(tokens: readonly TokenBytes[]) {
    const total = tokens.reduce((sum, { key }) => sum + key.length, 0);
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

  /** Sets the bits of the tokens that may follow. */
  allow(start: State, mask: Int32Array): void {
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
  }

  /** The longest token that begins a shortest end of the text, and the state behind it; undefined if there is none. */
  longest(start: State): { readonly id: number; readonly state: State } | undefined {
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
