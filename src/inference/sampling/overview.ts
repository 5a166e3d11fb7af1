/**
 * One look at a whole vocabulary, which finds the largest scores and the sums of weights. `Math.exp` alone would take
 * milliseconds for 262,144 scores, so weights come from a table, with an error that is known.
 */
import { BLOCK, type Maxima } from "./blocks";
import { MIN_EXPONENT } from "./weights";

/**
 * Buckets per unit of the exponent, so that three terms of a series are right to 2e-11. An odd number: differences of 16-bit
 * logits are round ones, and would lie on the borders of buckets.
 */
const PER_UNIT = 1000.37;
/** A power of two, so that a mask of bits keeps each index inside of the table. */
const BUCKETS = 2 ** 17;
/** Buckets in which weights matter. */
const RELEVANT = Math.ceil(-MIN_EXPONENT * PER_UNIT) + 1;

/** Units of the exponent by which scores may be larger than the largest of a sample. */
const HEADROOM = 64;
/** Ids from one of a sample to the next. A prime number, since some vocabularies have a pattern. */
const SAMPLE_STEP = 61;

/** The series of `exp(-x / PER_UNIT)` around 0.5, as a polynomial of x, without the factor `exp(-0.5 / PER_UNIT)`. */
const STEP = 1 / PER_UNIT;
const SERIES = [1 + STEP / 2 + STEP ** 2 / 8, -STEP - STEP ** 2 / 2, STEP ** 2 / 2] as const;

/** The findings about a vocabulary. Weights are 1 at the largest score. */
export interface Overview extends Maxima {
  readonly scores: Float32Array;
  readonly temperature: number;
  /** The sum of the weights in each group. */
  readonly sums: Float64Array;
  /** The sum of all weights. */
  readonly total: number;
  /** How far sums of any of the weights may be from those that add one exact weight after the other. */
  readonly error: number;
  readonly ruler: Ruler;
}

/** Gives each score a place among the buckets, which is smaller the larger the score. The bucket is its whole part. */
interface Ruler {
  /** The score at the place 0. */
  readonly zero: number;
  readonly perScore: number;
}

/** The place of a score among the buckets. */
export function placeOf(score: number, { zero, perScore }: Ruler): number {
  return (zero - score) * perScore;
}

/** The place of a weight among the buckets. */
export function placeOfWeight(weight: number, { best, ruler }: Overview): number {
  return placeOf(best, ruler) - Math.log(weight) * PER_UNIT;
}

/** Groups the weights by blocks of ids. Undefined if the scores or the temperature are too large or too small for that. */
export function overviewOfBlocks(scores: Float32Array, temperature: number): Overview | undefined {
  const seen = look(scores, temperature, sumBlocks);
  if (!seen) return undefined;
  const { best, ruler } = seen;
  const factor = Math.exp((ruler.zero - best) / temperature);
  const sums = seen.sums.map((sum) => sum * factor);
  const total = sums.reduce((sum, each) => sum + each, 0);
  return { ...seen, sums, total, error: errorOf(total, scores.length) };
}

/**
 * Groups the weights by buckets: all tokens of a bucket are likelier than those of the next. The sums are valid until the
 * next call. Undefined if the scores or the temperature are too large or too small for that.
 */
export function overviewOfBuckets(scores: Float32Array, temperature: number): Overview | undefined {
  const seen = look(scores, temperature, sumBuckets);
  if (!seen) return undefined;
  const { sums, best, ruler } = seen;
  const factor = Math.exp((ruler.zero - best) / temperature);
  const table = weightsOfBuckets();
  const first = Math.floor(placeOf(best, ruler));
  const end = Math.min(first + RELEVANT, BUCKETS);
  let total = 0;
  for (let bucket = first; bucket < end; bucket++) total += sums[bucket]! *= table[bucket]! * factor;
  return { ...seen, total, error: errorOf(total, scores.length) };
}

/** Sums of groups, in relation to the weight at the place 0. */
interface Sums extends Maxima {
  readonly sums: Float64Array;
}

function look(
  scores: Float32Array,
  temperature: number,
  sum: (scores: Float32Array, ruler: Ruler) => Sums,
): Omit<Overview, "total" | "error"> | undefined {
  const perScore = PER_UNIT / temperature;
  let highest = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < scores.length; id += SAMPLE_STEP) if (scores[id]! > highest) highest = scores[id]!;
  for (;;) {
    const ruler = { zero: highest + HEADROOM * temperature, perScore };
    const seen = sum(scores, ruler);
    if (seen.best <= ruler.zero) {
      const isUsable = Number.isFinite(seen.best) && Number.isFinite(ruler.zero) && Number.isFinite(perScore);
      return isUsable ? { ...seen, scores, temperature, ruler } : undefined;
    }
    highest = seen.best;
  }
}

/** The terms are the error of the series, and for each weight those of rounding and of leaving it out, with room to spare. */
function errorOf(total: number, count: number): number {
  return total * (1e-10 + count * 2e-15);
}

/** Memory that is kept, since it is a megabyte each. */
let bucketWeights: Float64Array | undefined;
let bucketSums: Float64Array | undefined;

/** The weights in the middles of the buckets, where the weight at the place 0 is 1. */
function weightsOfBuckets(): Float64Array {
  return (bucketWeights ??= Float64Array.from({ length: BUCKETS }, (_, bucket) =>
    Math.exp(-(bucket + 0.5) / PER_UNIT),
  ));
}

/*
 * The next two functions take most of the time of a choice. They go four ids at a time, with constants in local variables: that
 * makes them a third faster.
 */

function sumBlocks(scores: Float32Array, { zero, perScore }: Ruler): Sums {
  const table = weightsOfBuckets();
  const [c0, c1, c2] = SERIES;
  const blocks = new Float32Array(Math.ceil(scores.length / BLOCK));
  const sums = new Float64Array(blocks.length);
  let best = Number.NEGATIVE_INFINITY;
  for (let block = 0; block < blocks.length; block++) {
    const end = Math.min((block + 1) * BLOCK, scores.length);
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let id = block * BLOCK;
    for (; id + 3 < end; id += 4) {
      const score0 = scores[id]!;
      const score1 = scores[id + 1]!;
      const score2 = scores[id + 2]!;
      const score3 = scores[id + 3]!;
      if (score0 > max) max = score0;
      if (score1 > max) max = score1;
      if (score2 > max) max = score2;
      if (score3 > max) max = score3;
      sum += weightAt((zero - score0) * perScore, table, c0, c1, c2);
      sum += weightAt((zero - score1) * perScore, table, c0, c1, c2);
      sum += weightAt((zero - score2) * perScore, table, c0, c1, c2);
      sum += weightAt((zero - score3) * perScore, table, c0, c1, c2);
    }
    for (; id < end; id++) {
      if (scores[id]! > max) max = scores[id]!;
      sum += weightAt((zero - scores[id]!) * perScore, table, c0, c1, c2);
    }
    sums[block] = sum;
    blocks[block] = max;
    if (max > best) best = max;
  }
  return { best, blocks, sums };
}

/** Leaves out the factor that all weights of a bucket have in common. */
function sumBuckets(scores: Float32Array, { zero, perScore }: Ruler): Sums {
  const [c0, c1, c2] = SERIES;
  const blocks = new Float32Array(Math.ceil(scores.length / BLOCK));
  const sums = (bucketSums ??= new Float64Array(BUCKETS)).fill(0);
  let best = Number.NEGATIVE_INFINITY;
  for (let block = 0; block < blocks.length; block++) {
    const end = Math.min((block + 1) * BLOCK, scores.length);
    let max = Number.NEGATIVE_INFINITY;
    let id = block * BLOCK;
    for (; id + 3 < end; id += 4) {
      const score0 = scores[id]!;
      const score1 = scores[id + 1]!;
      const score2 = scores[id + 2]!;
      const score3 = scores[id + 3]!;
      if (score0 > max) max = score0;
      if (score1 > max) max = score1;
      if (score2 > max) max = score2;
      if (score3 > max) max = score3;
      addWeight((zero - score0) * perScore, sums, c0, c1, c2);
      addWeight((zero - score1) * perScore, sums, c0, c1, c2);
      addWeight((zero - score2) * perScore, sums, c0, c1, c2);
      addWeight((zero - score3) * perScore, sums, c0, c1, c2);
    }
    for (; id < end; id++) {
      if (scores[id]! > max) max = scores[id]!;
      addWeight((zero - scores[id]!) * perScore, sums, c0, c1, c2);
    }
    blocks[block] = max;
    if (max > best) best = max;
  }
  return { best, blocks, sums };
}

/** The weight at a place; 0 beyond the buckets, and for NaN. */
function weightAt(place: number, table: Float64Array, c0: number, c1: number, c2: number): number {
  if (!(place < BUCKETS)) return 0;
  const bucket = place & (BUCKETS - 1);
  const rest = place - bucket;
  return table[bucket]! * (c0 + rest * (c1 + rest * c2));
}

/** Adds the weight at a place to the sum of its bucket. */
function addWeight(place: number, sums: Float64Array, c0: number, c1: number, c2: number): void {
  if (!(place < BUCKETS)) return;
  const bucket = place & (BUCKETS - 1);
  const rest = place - bucket;
  sums[bucket]! += c0 + rest * (c1 + rest * c2);
}
