/** Rings over more nodes than can be planned exactly: local search over orders, then exact windows. */
import { MAX_CANDIDATES } from "./limits";
import { everyOrder, oneOrder } from "./lattice";
import type { Prepared } from "./prepare";
import { Search } from "./search";
import type { Ring } from "./search";
import type { PlanProblem } from "./types";

/** Orders that the local search may try; each takes well below a millisecond for latency. */
const MOST_TRIES = 3000;

/**
 * 1. Three simple orders of all peers, the best selection from each by dynamic programming.
 * 2. The best of them is improved by inserting, replacing, exchanging and reversing peers.
 * 3. Its peers and as many others as an exact search can take are planned exactly; the others take turns.
 *
 * `window` is the number of peers that one exact search takes.
 */
export function approximate(p: Prepared, problem: PlanProblem, window: number): Ring | undefined {
  const ranked = byPromise(p);
  const seed = firstRing(p, problem, ranked);
  if (!seed) return undefined;
  const improved = improve(p, problem, ranked, seed);
  return polish(p, problem, ranked, improved, window);
}

/** Peers by time per layer, their share of a typical hop included; the least promising are left out if too many. */
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

function firstRing(p: Prepared, problem: PlanProblem, ranked: readonly number[]): Ring | undefined {
  const byRoom = ranked.toSorted((a, b) => p.peers[b]!.room - p.peers[a]!.room);
  let best: Ring | undefined;
  for (const order of [ranked, nearest(p, ranked), byRoom]) {
    best = tryOrder(p, problem, order, best?.goalMs) ?? best;
  }
  return best;
}

/** Each peer followed by the one that is quickest to reach from it and to do its share. */
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

function improve(p: Prepared, problem: PlanProblem, ranked: readonly number[], seed: Ring): Ring {
  let best = seed;
  let tries = 0;
  for (let improved = true; improved;) {
    improved = false;
    for (const order of neighbours(peersOf(p, best), ranked)) {
      if (++tries > MOST_TRIES) return best;
      const better = tryOrder(p, problem, order, best.goalMs);
      if (!better) continue;
      best = better;
      improved = true;
      break;
    }
  }
  return best;
}

/** Every order one step away. Inserted peers may push others out: the search over an order leaves peers out by itself. */
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

function polish(p: Prepared, problem: PlanProblem, ranked: readonly number[], seed: Ring, window: number): Ring {
  let best = seed;
  const waiting = ranked.filter((peer) => !peersOf(p, best).includes(peer));
  while (true) {
    const used = peersOf(p, best);
    const free = window - used.length;
    if (free < 0) return best;
    // Where the ring fills the window, its order and cuts are all that is left to plan.
    const guests = waiting.splice(0, free || waiting.length).slice(0, free);
    const search = new Search(p, problem, everyOrder([...used, ...guests].sort((a, b) => a - b)));
    const better = search.best({ beatMs: best.goalMs });
    if (better) {
      const kept = peersOf(p, better);
      waiting.push(
        ...ranked.filter((peer) => !kept.includes(peer) && !waiting.includes(peer) && !guests.includes(peer)),
      );
      best = better;
    }
    if (waiting.length === 0) return search.best({ margin: p.margin }) ?? best;
  }
}

function tryOrder(p: Prepared, problem: PlanProblem, order: readonly number[], beatMs?: number): Ring | undefined {
  const search = new Search(p, problem, oneOrder(order, p.stages));
  return search.best({ ...(beatMs !== undefined && { beatMs }), frontOnly: true });
}

function peersOf(p: Prepared, ring: Ring): number[] {
  const ids = ring.stages.map((stage) => stage.node).filter((id) => id !== p.consumer.id);
  return ids.map((id) => p.peers.findIndex((peer) => peer.id === id));
}
