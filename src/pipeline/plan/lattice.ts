/** The orders of peers that a search considers, as a graph: one row per "these peers so far, this one last". */

/** Rows in topological order, so that one pass over them sees every predecessor before its successors. */
export interface Lattice {
  readonly rows: number;
  /** The peer that is last in each row. */
  readonly peer: Uint8Array;
  /** Peers used so far, for choosing by number; always 1 if they are not counted. */
  readonly count: Uint8Array;
  /** 1 if the row's peer may follow the consumer directly. */
  readonly starts: Uint8Array;
  /** The rows that row r may come from: `before[first[r]]` up to `before[first[r + 1] - 1]`. */
  readonly first: Int32Array;
  readonly before: Int32Array;
}

/** Every order of every subset of these peers, as (subset, last): n * 2^(n-1) rows, for an exact answer. */
export function everyOrder(peers: readonly number[]): Lattice {
  const n = peers.length;
  const rowOf = new Int32Array(n << n);
  const draft = new Draft();
  for (let subset = 1; subset < 1 << n; subset++) {
    for (let last = 0; last < n; last++) {
      if (!(subset & (1 << last))) continue;
      const rest = subset ^ (1 << last);
      const before: number[] = [];
      for (let previous = 0; previous < n; previous++) {
        if (rest & (1 << previous)) before.push(rowOf[rest * n + previous]!);
      }
      rowOf[subset * n + last] = draft.add(peers[last]!, bits(subset), rest === 0, before);
    }
  }
  return draft.done();
}

/**
 * One order, from which any peers may be left out. If `most` is given, rows count the peers used, up to that number.
 */
export function oneOrder(order: readonly number[], most?: number): Lattice {
  const draft = new Draft();
  let former: number[] = [];
  for (let count = 1; count <= (most ?? 1); count++) {
    const rows: number[] = [];
    for (const [index, peer] of order.entries()) {
      const before = most === undefined ? rows.slice() : former.slice(0, index);
      rows.push(draft.add(peer, count, count === 1, before));
    }
    former = rows;
  }
  return draft.done();
}

class Draft {
  readonly #peer: number[] = [];
  readonly #count: number[] = [];
  readonly #starts: number[] = [];
  readonly #first: number[] = [0];
  readonly #before: number[] = [];

  add(peer: number, count: number, starts: boolean, before: readonly number[]): number {
    this.#peer.push(peer);
    this.#count.push(count);
    this.#starts.push(starts ? 1 : 0);
    for (const row of before) this.#before.push(row);
    this.#first.push(this.#before.length);
    return this.#peer.length - 1;
  }

  done(): Lattice {
    return {
      rows: this.#peer.length,
      peer: Uint8Array.from(this.#peer),
      count: Uint8Array.from(this.#count),
      starts: Uint8Array.from(this.#starts),
      first: Int32Array.from(this.#first),
      before: Int32Array.from(this.#before),
    };
  }
}

function bits(set: number): number {
  let count = 0;
  for (let rest = set; rest; rest &= rest - 1) count++;
  return count;
}
