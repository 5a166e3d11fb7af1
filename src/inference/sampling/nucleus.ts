/** Draws from the likeliest tokens of a vocabulary, as many as top-p and min-p leave. */
import type { Sampling } from "../types";
import { BLOCK } from "./blocks";
import { type Overview, placeOf, placeOfWeight, overviewOfBuckets } from "./overview";
import { type Weighed, settle, weightOf } from "./weights";

/** Closer than this to the border between two buckets, rounding may decide in which of them a token is. */
const BORDER = 1e-6;

/** The likeliest tokens: those of all buckets from the first to the last, but only some of the last. */
interface Nucleus {
  readonly first: number;
  readonly last: number;
  /** The tokens of the last bucket that belong to it, the likeliest first. */
  readonly tokens: readonly Weighed[];
  /** The sum of all weights. */
  readonly mass: number;
}

/** Chooses the token that `drawExactly` chooses by top-p and min-p, without top-k. Undefined if only that can tell. */
export function drawFromNucleus(scores: Float32Array, sampling: Sampling, uniform: number): number | undefined {
  const overview = overviewOfBuckets(scores, sampling.temperature);
  const nucleus = overview && findNucleus(overview, sampling);
  if (!nucleus) return undefined;
  const { first, last, mass } = nucleus;
  let left = uniform * mass;
  let bucket = first;
  while (bucket < last && left >= overview.sums[bucket]!) left -= overview.sums[bucket++]!;
  const id = settle(bucket === last ? nucleus.tokens : tokensOf(overview, bucket), left, overview.error);
  return id === undefined || isAtBorder(placeOf(scores[id]!, overview.ruler)) ? undefined : id;
}

/** Undefined if the sums are too close to a limit to tell. */
function findNucleus(overview: Overview, { topP, minP }: Sampling): Nucleus | undefined {
  const { sums, total, error } = overview;
  const limit = topP * total;
  const lowest = minP > 0 ? placeOfWeight(minP, overview) : Number.POSITIVE_INFINITY;
  if (isAtBorder(lowest)) return undefined;
  const lowestBucket = Math.floor(lowest);
  const first = Math.floor(placeOf(overview.best, overview.ruler));
  let last = first;
  let mass = 0;
  while (last < lowestBucket && mass + sums[last]! <= limit - error) mass += sums[last++]!;
  const tokens: Weighed[] = [];
  for (const token of tokensOf(overview, last)) {
    if (token.weight < minP) return { first, last, tokens, mass };
    // There is always one token.
    if (mass > 0) {
      if (Math.abs(limit - mass) <= error) return undefined;
      if (mass > limit) return { first, last, tokens, mass };
    }
    tokens.push(token);
    mass += token.weight;
  }
  // The tokens of the next bucket are too many or too unlikely, unless the sums are too close to tell.
  const isEnd = last === lowestBucket || mass - limit > error || total - mass + error < minP;
  return isEnd ? { first, last, tokens, mass } : undefined;
}

/** The tokens of a bucket, the likeliest first, and the lowest id first among equals. */
function tokensOf({ scores, blocks, best, temperature, ruler }: Overview, bucket: number): Weighed[] {
  const { zero, perScore } = ruler;
  const middle = bucket + 0.5;
  const tokens: Weighed[] = [];
  for (let block = 0; block < blocks.length; block++) {
    if (!((zero - blocks[block]!) * perScore < bucket + 1)) continue;
    const end = Math.min((block + 1) * BLOCK, scores.length);
    for (let id = block * BLOCK; id < end; id++) {
      // One comparison that is hardly ever true is quicker than two of which one is often true.
      if (!(Math.abs((zero - scores[id]!) * perScore - middle) <= 0.5)) continue;
      const score = scores[id]!;
      if (Math.floor(placeOf(score, ruler)) === bucket) tokens.push({ id, weight: weightOf(score, best, temperature) });
    }
  }
  return tokens.sort((a, b) => b.weight - a.weight || a.id - b.id);
}

/** Whether a place is as good as on the border of two buckets. */
function isAtBorder(place: number): boolean {
  return Math.abs(place - Math.round(place)) < BORDER;
}
