/** Plans rings over more nodes than can be planned exactly: a local search over orders, then exact windows. */
import { MAX_CANDIDATES } from "./limits";
import { everyOrder, oneOrder } from "./lattice";
import type { Prepared } from "./prepare";
import { Search } from "./search";
import type { RatedRing } from "./search";
import type { PlanProblem } from "./types";

/**
 * Budget of the local search, in table cells: about a second in a browser for large rooms, much less for small ones.
 */
const BUDGET_CELLS = 2e8;

/** Fixed cost of trying an order, in cells. */
const CELLS_PER_TRY = 8000;

/** Number of kicks in a row without improvement after which the local search ends. */
const FUTILE_KICKS = 12;

/**
 * Plans a ring over many nodes in three steps:
 * 1. Take three simple orders of all peers, and the best selection from each by dynamic programming.
 * 2. Improve each by inserting, moving and reversing peers; then kick the best and improve it again.
 * 3. Plan the best ring's peers and as many others as fit into an exact search exactly; the others take turns.
 *
 * `window` is the number of peers that one exact search takes.
 */
export function approximate(p: Prepared, problem: PlanProblem, window: number): RatedRing | undefined {
  const ranked = byPromise(p);
  const improved = new LocalSearch(p, problem, ranked).run();
  return improved && polish(p, problem, ranked, improved, window);
}

/**
 * Peers by time per layer, including their share of a typical hop. If there are too many, the least promising are left
 * out.
 */
function byPromise(p: Prepared): number[] {
  const perLayer = p.need[p.layers]! / p.layers;
  const cost = p.peers.map((peer, index) => {
    const holds = Math.min(p.layers, Math.floor(peer.room / Math.max(perLayer, 1)));
    const { to, entry, exit } = p.hops(index);
    const hops = [entry, exit, ...to.filter((_, other) => other !== index)].map((hop) => hop.ms).sort((a, b) => a - b);
    return holds < 1 ? Infinity : peer.msPerLayer + hops[hops.length >> 2]! / holds;
  });
  const order = p.peers.map((_, index) => index).filter((index) => p.peers[index]!.room > 0);
  return order.sort((a, b) => (cost[a] === cost[b] ? a - b : cost[a]! - cost[b]!)).slice(0, MAX_CANDIDATES);
}

class LocalSearch {
  readonly #p: Prepared;
  readonly #problem: PlanProblem;
  readonly #ranked: readonly number[];
  #cells = 0;
  #state = 1;

  constructor(p: Prepared, problem: PlanProblem, ranked: readonly number[]) {
    this.#p = p;
    this.#problem = problem;
    this.#ranked = ranked;
  }

  run(): RatedRing | undefined {
    const byRoom = this.#ranked.toSorted((a, b) => this.#p.peers[b]!.room - this.#p.peers[a]!.room);
    let best: RatedRing | undefined;
    for (const order of [this.#ranked, nearest(this.#p, this.#ranked), byRoom]) best = better(best, this.#from(order));
    for (let futile = 0; best && futile < FUTILE_KICKS && this.#cells < BUDGET_CELLS; futile++) {
      const kicked = better(best, this.#from(this.#kick(peersOf(this.#p, best))));
      if (kicked !== best) futile = -1;
      best = kicked;
    }
    return best;
  }

  /** The ring of an order after every single step that improves it. */
  #from(order: readonly number[]): RatedRing | undefined {
    let best = this.#try(order);
    for (let improved = best !== undefined; improved;) {
      improved = false;
      for (const next of neighbours(peersOf(this.#p, best!), this.#ranked)) {
        if (this.#cells > BUDGET_CELLS) return best;
        const found = this.#try(next, best!.goalMs);
        if (!found) continue;
        best = found;
        improved = true;
        break;
      }
    }
    return best;
  }

  #try(order: readonly number[], beatMs = Infinity): RatedRing | undefined {
    this.#cells += order.length ** 2 * this.#p.layers * (this.#p.stages ?? 1) + CELLS_PER_TRY;
    return new Search(this.#p, this.#problem, oneOrder(order, this.#p.stages)).best({ beatMs, frontOnly: true });
  }

  /** Removes two peers and inserts four unused ones at random places, which is more than a single step can undo. */
  #kick(used: readonly number[]): number[] {
    const order = used.slice();
    const others = this.#ranked.filter((peer) => !used.includes(peer));
    for (let out = 0; out < 2 && order.length > 0; out++) others.push(...order.splice(this.#below(order.length), 1));
    for (let more = 0; more < 4 && others.length > 0; more++) {
      order.splice(this.#below(order.length + 1), 0, ...others.splice(this.#below(others.length), 1));
    }
    return order;
  }

  /** A number below `limit` from a fixed sequence, so that equal problems have equal plans. */
  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

function better(best: RatedRing | undefined, found: RatedRing | undefined): RatedRing | undefined {
  return !best || (found && found.goalMs < best.goalMs) ? found : best;
}

/** Each peer is followed by the one that is quickest to reach from it and to do its share. */
function nearest(p: Prepared, ranked: readonly number[]): number[] {
  const rest = new Set(ranked);
  const order: number[] = [];
  while (rest.size > 0) {
    const last = order.at(-1);
    let best: number | undefined;
    let bestMs = Infinity;
    for (const peer of rest) {
      const hop = last === undefined ? p.hops(peer).entry : p.hops(last).to[peer]!;
      const ms = hop.ms + p.peers[peer]!.msPerLayer;
      if (best === undefined || ms < bestMs) [best, bestMs] = [peer, ms];
    }
    order.push(best!);
    rest.delete(best!);
  }
  return order;
}

/**
 * Every order one step away. Inserted peers may push others out, because the search over an order can leave out peers.
 */
function* neighbours(used: readonly number[], ranked: readonly number[]): Generator<number[]> {
  for (const peer of ranked) {
    if (used.includes(peer)) continue;
    for (let at = 0; at <= used.length; at++) yield used.toSpliced(at, 0, peer);
  }
  for (let from = 0; from < used.length; from++) {
    for (let to = 0; to < used.length; to++) {
      if (to === from) continue;
      yield used.toSpliced(from, 1).toSpliced(to, 0, used[from]!);
      if (to > from + 1) yield [...used.slice(0, from), ...used.slice(from, to + 1).reverse(), ...used.slice(to + 1)];
    }
  }
}

function polish(
  p: Prepared,
  problem: PlanProblem,
  ranked: readonly number[],
  seed: RatedRing,
  window: number,
): RatedRing {
  let best = seed;
  const waiting = ranked.filter((peer) => !peersOf(p, best).includes(peer));
  while (true) {
    const used = peersOf(p, best);
    const free = window - used.length;
    if (free < 0) return best;
    // If the ring fills the window, only its order and cuts are left to plan.
    const guests = waiting.splice(0, free || waiting.length).slice(0, free);
    const search = new Search(p, problem, everyOrder([...used, ...guests].sort((a, b) => a - b)));
    const found = search.best({ beatMs: best.goalMs, frontOnly: true });
    if (found) {
      const kept = peersOf(p, found);
      waiting.push(
        ...ranked.filter((peer) => !kept.includes(peer) && !waiting.includes(peer) && !guests.includes(peer)),
      );
      best = found;
    }
    if (waiting.length === 0) return search.best({ margin: p.margin }) ?? best;
  }
}

function peersOf(p: Prepared, ring: RatedRing): number[] {
  const ids = ring.stages.map((stage) => stage.node).filter((id) => id !== p.consumer.id);
  return ids.map((id) => p.peers.findIndex((peer) => peer.id === id));
}
