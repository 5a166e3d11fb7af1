/**
 * One pass over a lattice: finds the fastest ring for each number of peers, by dynamic programming over (peers used,
 * last peer, layers done).
 *
 * `value[row][t]` is the earliest time at which layers [0, t) are done if the row's peer did the last of them. Let
 * `entry[s]` be the earliest time at which that peer can begin at layer s. Then the value is `min over s of entry[s] +
 * msPerLayer * (work[t] - work[s])`, where memory and caps bound s from below. The bound only grows with t, so the
 * minimum slides over a window in constant time per layer, without trying every cut.
 */
import type { ConsumerPart } from "./consumer";
import { consumerMs } from "./consumer";
import type { Lattice } from "./lattice";
import { SAME } from "./limits";
import type { Helper, PeerHops, Prepared } from "./prepare";
import type { StageAssignment } from "./types";

/** The bounds of one pass. */
interface Query {
  readonly part: ConsumerPart;
  /** No node and no link may be busy with one token for longer than this, in ms. */
  readonly capMs: number;
  /** Slower rings are ignored, in ms. */
  readonly withinMs: number;
}

/** A ring that a pass found. Its stages are traced only on request, which must come before the next pass. */
export interface Found {
  readonly count: number;
  readonly ms: number;
  trace(): StageAssignment[];
}

interface End {
  readonly ms: number;
  readonly row: number;
  readonly back: number;
}

/** Holds the tables of one lattice, for any number of passes. */
export class Walk {
  /** How many layers, counted from the first, the last pass could place, even if it found no ring. */
  reach = 0;
  readonly #p: Prepared;
  readonly #lattice: Lattice;
  readonly #stride: number;
  readonly #value: Float64Array;
  readonly #alive: Uint8Array;
  readonly #entry: Float64Array;
  readonly #key: Float64Array;
  readonly #queue: Int32Array;
  /** The hops of the lattice's peers, by index, with holes for peers that it leaves out. */
  readonly #hops: PeerHops[] = [];

  constructor(p: Prepared, lattice: Lattice) {
    this.#p = p;
    this.#lattice = lattice;
    this.#stride = p.layers + 1;
    this.#value = new Float64Array(lattice.rows * this.#stride);
    this.#alive = new Uint8Array(lattice.rows);
    this.#entry = new Float64Array(this.#stride);
    this.#key = new Float64Array(this.#stride);
    this.#queue = new Int32Array(this.#stride);
    for (const peer of new Set(lattice.peer)) this.#hops[peer] = p.hops(peer);
  }

  /** The fastest ring for each number of peers, fewest first. */
  pass(query: Query): Found[] {
    const { rows, peer, count } = this.#lattice;
    const { layers } = this.#p;
    const limits: Int32Array[] = [];
    this.#hops.forEach((_, who) => (limits[who] = firstLayers(this.#p, this.#p.peers[who]!, query.capMs)));
    const consumerBackMs = this.#consumerBack();
    const restMs = this.#rest(query, limits);
    const ends = new Map<number, End>();
    this.reach = query.part.front[1];
    for (let row = 0; row < rows; row++) {
      const who = peer[row]!;
      const used = count[row]!;
      this.#alive[row] = 0;
      if (this.#p.stages !== undefined && used > this.#p.stages) continue;
      if (!this.#enter(row, query)) continue;
      if (!this.#advance(row, limits[who]!, restMs, query.withinMs)) continue;
      this.#alive[row] = 1;
      for (let back = Math.max(1, query.part.back); back <= layers; back++) {
        const doneMs = this.#value[row * this.#stride + back]!;
        if (doneMs === Infinity) continue;
        const ms = doneMs + this.#leave(who, back, query.capMs) + consumerBackMs[back]!;
        if (ms === Infinity || ms > query.withinMs || !this.#counts(used, query, back)) continue;
        const known = ends.get(used);
        if (!known || ms < known.ms * (1 - SAME)) ends.set(used, { ms, row, back });
      }
    }
    return [...ends]
      .sort(([a], [b]) => a - b)
      .map(([used, end]) => ({ count: used, ms: end.ms, trace: () => this.#trace(end, query, limits) }));
  }

  /** Whether a ring with this many peers has the requested number of stages. */
  #counts(used: number, query: Query, back: number): boolean {
    const consumer = query.part.front[0] > 0 || back < this.#p.layers ? 1 : 0;
    return this.#p.stages === undefined || used + consumer === this.#p.stages;
  }

  /**
   * Fills `entry`: the earliest time at which the row's peer can begin at each layer. Returns false if it cannot begin
   * at any.
   */
  #enter(row: number, query: Query): boolean {
    const { first, before, peer, starts } = this.#lattice;
    const entry = this.#entry.fill(Infinity);
    let any = false;
    if (starts[row]) {
      for (let front = query.part.front[0]; front <= query.part.front[1]; front++) {
        entry[front] = this.#begin(peer[row]!, front, query.capMs);
        any ||= entry[front]! < Infinity;
      }
    }
    for (let index = first[row]!; index < first[row + 1]!; index++) {
      const from = before[index]!;
      if (!this.#alive[from]) continue;
      const hop = this.#hops[peer[from]!]!.to[peer[row]!]!;
      if (hop.ms === Infinity || hop.busyMs > query.capMs * (1 + SAME)) continue;
      any = true;
      const base = from * this.#stride;
      for (let layer = 1; layer < this.#stride; layer++) {
        const ms = this.#value[base + layer]! + hop.ms;
        if (ms < entry[layer]!) entry[layer] = ms;
      }
    }
    return any;
  }

  /** The time at which a peer can begin right after the consumer, which has done the first layers. */
  #begin(peer: number, front: number, capMs: number): number {
    const p = this.#p;
    const { entry, bareEntry } = this.#hops[peer]!;
    const hop = front > 0 ? entry : bareEntry;
    if (hop.busyMs > capMs * (1 + SAME)) return Infinity;
    return hop.ms + consumerMs(p, front, p.layers) + (front === 0 && !p.keepsEnds ? p.peers[peer]!.embedMs : 0);
  }

  /** Time for the way back after a peer has done the layers up to `back`, including the head if the peer holds it. */
  #leave(peer: number, back: number, capMs: number): number {
    const { layers, keepsEnds, peers } = this.#p;
    const hop = back < layers ? this.#hops[peer]!.exit : this.#hops[peer]!.bareExit;
    if (hop.busyMs > capMs * (1 + SAME)) return Infinity;
    return hop.ms + (back === layers && !keepsEnds ? peers[peer]!.headMs : 0);
  }

  /**
   * For each layer: the time that a consumer which takes over there adds, compared with one that holds nothing at the
   * back.
   */
  #consumerBack(): Float64Array {
    const none = consumerMs(this.#p, 0, this.#p.layers);
    return Float64Array.from({ length: this.#stride }, (_, back) => consumerMs(this.#p, 0, back) - none);
  }

  /**
   * A lower bound of the time for the layers from each one on: the fastest nodes do as much as they can hold, even if
   * they are used already, and one hop leads back. Rings that are too slow even so are dropped at once.
   */
  #rest(query: Query, limits: readonly Int32Array[]): Float64Array {
    const { layers, work, peers, consumer } = this.#p;
    const total = work[layers]!;
    const shares = [{ rate: consumer.msPerLayer, most: total - work[query.part.back]! }];
    let homeMs = Infinity;
    limits.forEach((limit, who) => {
      let most = 0;
      for (let to = 1; to <= layers; to++) most = Math.max(most, work[to]! - work[limit[to]!]!);
      shares.push({ rate: peers[who]!.msPerLayer, most });
      homeMs = Math.min(homeMs, this.#hops[who]!.exit.ms, this.#hops[who]!.bareExit.ms);
    });
    shares.sort((a, b) => a.rate - b.rate);
    return work.map((done) => {
      let left = total - done;
      let ms = homeMs;
      for (const { rate, most } of shares) {
        const taken = Math.min(left, most);
        if (taken > 0) ms += rate * taken;
        left -= taken;
      }
      return left > total * SAME ? Infinity : ms;
    });
  }

  /** Fills a row of `value` from `entry`. Returns false if nothing in it is fast enough. */
  #advance(row: number, limit: Int32Array, restMs: Float64Array, withinMs: number): boolean {
    const { layers, work, peers } = this.#p;
    const rate = peers[this.#lattice.peer[row]!]!.msPerLayer;
    const [entry, key, queue, value] = [this.#entry, this.#key, this.#queue, this.#value];
    const base = row * this.#stride;
    let head = 0;
    let tail = 0;
    let any = false;
    value[base] = Infinity;
    for (let layer = 1; layer <= layers; layer++) {
      const start = layer - 1;
      if (entry[start]! < Infinity) {
        key[start] = entry[start]! - rate * work[start]!;
        while (tail > head && key[queue[tail - 1]!]! > key[start]) tail--;
        queue[tail++] = start;
      }
      while (head < tail && queue[head]! < limit[layer]!) head++;
      let ms = head < tail ? key[queue[head]!]! + rate * work[layer]! : Infinity;
      if (ms + restMs[layer]! > withinMs) ms = Infinity;
      else if (ms < Infinity) {
        any = true;
        if (layer > this.reach) this.reach = layer;
      }
      value[base + layer] = ms;
    }
    return any;
  }

  /** Reads the ring that ends in `end` back from the tables. */
  #trace(end: End, query: Query, limits: readonly Int32Array[]): StageAssignment[] {
    const { layers, work, peers, consumer } = this.#p;
    const { peer, first, before, starts } = this.#lattice;
    const stages: StageAssignment[] = [];
    if (end.back < layers) stages.push({ node: consumer.id, from: end.back, to: layers });
    let row: number | undefined = end.row;
    let to = end.back;
    while (row !== undefined) {
      const who = peer[row]!;
      const rate = peers[who]!.msPerLayer;
      let best = Infinity;
      let from = 0;
      let previous: number | undefined;
      const consider = (start: number, ms: number, via: number | undefined): void => {
        const total = ms + rate * (work[to]! - work[start]!);
        if (!(total < best)) return;
        [best, from, previous] = [total, start, via];
      };
      for (let start = limits[who]![to]!; start < to; start++) {
        const fronts = query.part.front;
        if (starts[row] && start >= fronts[0] && start <= fronts[1]) {
          consider(start, this.#begin(who, start, query.capMs), undefined);
        }
        for (let index = first[row]!; index < first[row + 1]!; index++) {
          const via = before[index]!;
          const hop = this.#hops[peer[via]!]!.to[who]!;
          if (!this.#alive[via] || hop.busyMs > query.capMs * (1 + SAME)) continue;
          consider(start, this.#value[via * this.#stride + start]! + hop.ms, via);
        }
      }
      stages.push({ node: peers[who]!.id, from, to });
      [row, to] = [previous, from];
    }
    if (to > 0) stages.push({ node: consumer.id, from: 0, to });
    return stages.reverse();
  }
}

/**
 * For each layer t, the least s for which the node may hold [s, t) within its memory and `capMs`; t if there is none.
 */
function firstLayers(p: Prepared, helper: Helper, capMs: number): Int32Array {
  const least = new Int32Array(p.layers + 1);
  let from = 0;
  for (let to = 1; to <= p.layers; to++) {
    while (from < to && !peerFits(p, helper, from, to, capMs)) from++;
    least[to] = from;
  }
  return least;
}

function peerFits(p: Prepared, helper: Helper, from: number, to: number, capMs: number): boolean {
  if (p.need[to]! - p.need[from]! > helper.room) return false;
  let ms = helper.msPerLayer * (p.work[to]! - p.work[from]!);
  if (!p.keepsEnds && from === 0) ms += helper.embedMs;
  if (!p.keepsEnds && to === p.layers) ms += helper.headMs;
  return ms <= capMs * (1 + SAME);
}
