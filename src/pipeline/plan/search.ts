/** Finds the best ring over a lattice: one pass per consumer part for latency, a bracketing search for throughput. */
import { consumerFits, consumerPart, partCount } from "./consumer";
import type { Lattice } from "./lattice";
import { SAME, clearlyBelow } from "./limits";
import { rate } from "./predict";
import type { Prepared } from "./prepare";
import type { RingPlan, PlanProblem, StageAssignment } from "./types";
import { Walk } from "./walk";
import type { Found } from "./walk";

/** Options of a search. */
interface SearchOptions {
  /** Only accept rings that are better than this, in ms per token for the goal. Default: any. */
  readonly beatMs?: number;
  /** Accept rings this share slower than the best if they have fewer peers. Default: none. */
  readonly margin?: number;
  /** Never put layers at the consumer's back: one pass instead of many, for searches that are not exact anyway. */
  readonly frontOnly?: boolean;
}

/** A ring and the figures that it is judged by. */
export interface RatedRing {
  /** ms per token: of one request for latency, of all requests together for throughput. */
  readonly goalMs: number;
  readonly msPerToken: number;
  /** Number of peers, not counting the consumer. */
  readonly peers: number;
  readonly stages: readonly StageAssignment[];
}

/** The throughput search halves its bracket until it is this narrow; then it asks for better rings one by one. */
const NARROW = 1e-4;

/** Finds the best ring over one lattice. Make one per lattice, because its tables are kept between searches. */
export class Search {
  readonly #p: Prepared;
  readonly #problem: PlanProblem;
  readonly #walk: Walk;

  constructor(p: Prepared, problem: PlanProblem, lattice: Lattice) {
    this.#p = p;
    this.#problem = problem;
    this.#walk = new Walk(p, lattice);
  }

  /** The best ring; undefined if there is none, or none better than `beatMs`. */
  best(options: SearchOptions = {}): RatedRing | undefined {
    const frontOnly = options.frontOnly ?? false;
    const keys = spread(partCount(this.#p, frontOnly));
    const alone = this.#alone(options.beatMs ?? Infinity);
    let bestMs = alone ? alone.goalMs : (options.beatMs ?? Infinity);
    const atBest = this.#p.goal === "latency" ? this.#fastest.bind(this) : this.#busiest.bind(this);
    // A first bound from the rings without a back, in one pass: it prunes most of the rest.
    for (let key = 0; key < partCount(this.#p, true); key++) bestMs = atBest(key, true, bestMs);
    if (!frontOnly && !this.#p.uniform) for (const key of keys) bestMs = atBest(key, false, bestMs);
    if (bestMs === (options.beatMs ?? Infinity)) return undefined;
    return this.#fewest(keys, frontOnly, bestMs * (1 + (options.margin ?? 0)) * (1 + SAME), alone);
  }

  /** How many bytes and layers remain if as much as possible is placed; one more node would have to hold them. */
  left(): { bytes: number; layers: number } {
    const { need, layers } = this.#p;
    let least = { bytes: need[layers]!, layers };
    for (let key = 0; key < partCount(this.#p, false); key++) {
      const part = consumerPart(this.#p, false, key, Infinity);
      if (!part) continue;
      this.#walk.pass({ part, capMs: Infinity, withinMs: Infinity });
      const from = Math.min(this.#walk.reach, part.back - 1);
      const bytes = need[part.back]! - need[from]!;
      if (bytes < least.bytes) least = { bytes, layers: part.back - from };
    }
    return least;
  }

  /** The consumer does everything, if it can and no other number of stages was requested. */
  #alone(beatMs: number): RatedRing | undefined {
    const { layers, stages, consumer } = this.#p;
    if (!consumerFits(this.#p, layers, layers, Infinity) || (stages ?? 1) !== 1) return undefined;
    const ring = this.#rated([{ node: consumer.id, from: 0, to: layers }], 0);
    return ring.goalMs < beatMs * (1 - SAME) ? ring : undefined;
  }

  #fastest(key: number, frontOnly: boolean, bestMs: number): number {
    const found = this.#pass(key, frontOnly, Infinity, bestMs * (1 - SAME));
    return Math.min(bestMs, ...found.map((ring) => ring.ms));
  }

  /** The least `max(busiest, msPerToken / sequences)` of a part if it is below `bestMs`; else `bestMs`. */
  #busiest(key: number, frontOnly: boolean, bestMs: number): number {
    let low = 0;
    let high = this.#below(key, frontOnly, clearlyBelow(bestMs)) ?? bestMs;
    if (high >= bestMs) return bestMs;
    while (high - low > high * NARROW) {
      const middle = (low + high) / 2;
      const better = this.#below(key, frontOnly, middle);
      if (better === undefined) low = middle;
      else high = Math.min(high, better);
    }
    for (;;) {
      const better = this.#below(key, frontOnly, clearlyBelow(high));
      if (better === undefined || better >= high) return high;
      high = better;
    }
  }

  /** The throughput figure of a ring that stays within `ms`; undefined if there is none. */
  #below(key: number, frontOnly: boolean, ms: number): number | undefined {
    const found = this.#pass(key, frontOnly, ms, ms * this.#p.sequences);
    if (found.length === 0) return undefined;
    return Math.min(...found.map((ring) => this.#rated(ring.trace(), ring.count).goalMs));
  }

  /** Among all rings that stay within `ms`, one with the fewest peers, and the fastest of these. */
  #fewest(
    keys: readonly number[],
    frontOnly: boolean,
    ms: number,
    alone: RatedRing | undefined,
  ): RatedRing | undefined {
    if (alone && alone.goalMs <= ms) return alone;
    const [capMs, withinMs] = this.#p.goal === "latency" ? [Infinity, ms] : [ms, ms * this.#p.sequences];
    let best: RatedRing | undefined;
    for (const key of keys) {
      for (const found of this.#pass(key, frontOnly, capMs, withinMs)) {
        const fewer = !best || found.count < best.peers;
        const faster = found.count === best?.peers && found.ms < best.msPerToken * (1 - SAME);
        if (fewer || faster) best = this.#rated(found.trace(), found.count);
      }
    }
    return best;
  }

  #pass(key: number, frontOnly: boolean, capMs: number, withinMs: number): Found[] {
    const part = consumerPart(this.#p, frontOnly, key, capMs);
    return part ? this.#walk.pass({ part, capMs, withinMs }) : [];
  }

  #rated(stages: readonly StageAssignment[], peers: number): RatedRing {
    const plan: RingPlan = rate(this.#p, this.#problem, stages, "given");
    const goalMs = this.#p.goal === "latency" ? plan.msPerToken : plan.boundMsPerToken;
    return { goalMs, msPerToken: plan.msPerToken, peers, stages };
  }
}

/**
 * The numbers from 0 to count - 1 in an order without a trend, so that a good ring is found early and prunes the rest.
 */
function spread(count: number): number[] {
  const keys: number[] = [];
  for (let index = 0; index < count; index++) keys.push(index);
  const golden = (Math.sqrt(5) - 1) / 2;
  return keys.sort((a, b) => ((a * golden) % 1) - ((b * golden) % 1));
}
