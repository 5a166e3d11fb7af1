/**
 * Choosing tokens in the plain way: a weight for each token of the vocabulary, a sorted list, sums from one end to the
 * other. The quick way has to choose the same tokens.
 */
import type { Sampling } from "../../types";

/** Tokens less likely than the likeliest by more than e to this (1e-15) are never drawn: a double could not tell. */
const MIN_EXPONENT = -35;

/** Facts that a choice depends on, besides the logits and the sampling. */
interface Circumstances {
  /** A number in [0, 1) that decides where chance does. */
  readonly uniform: number;
  /** Ids of prompt and answer, for the repetition penalty. */
  readonly seen: ReadonlySet<number>;
  /** How often the answer contains each of its ids, for the penalties of presence and frequency. */
  readonly counts?: ReadonlyMap<number, number>;
  /** Added to the logits of these ids. */
  readonly bias?: readonly (readonly [id: number, bias: number])[] | undefined;
  /** One bit for each id, the lowest first: 1 if it may be chosen. Absent: all may. */
  readonly mask?: Int32Array | undefined;
}

/**
 * Chooses a token; temperature 0 takes the likeliest token and the lowest id among equals. Bias, penalties, mask,
 * temperature, top-k, top-p and min-p apply in this order, and always leave one. The logits are not changed.
 */
export function samplePlainly(logits: Float32Array, sampling: Sampling, options: Circumstances): number {
  const scores = adjusted(logits, sampling, options);
  const { mask } = options;
  const favorite = likeliest(scores, mask);
  if (sampling.temperature <= 0) return favorite;
  const best = scores[favorite] ?? 0;
  const weights = new Float64Array(scores.length);
  let total = 0;
  for (let id = 0; id < scores.length; id++) {
    const exponent = ((scores[id] ?? Number.NEGATIVE_INFINITY) - best) / sampling.temperature;
    // Most of a large vocabulary is this unlikely, and computing an exponential takes longer than leaving it out.
    if (!(exponent > MIN_EXPONENT) || !isAllowed(id, mask)) continue;
    const weight = Math.exp(exponent);
    weights[id] = weight;
    total += weight;
  }
  const candidates = filtered(weights, total, sampling);
  return draw(candidates, weights, options.uniform);
}

/** Id of the largest logit that the mask allows; the lowest id among equals. NaN counts as smallest. */
function likeliest(logits: Float32Array, mask: Int32Array | undefined): number {
  let best = 0;
  let max = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    // Where few tokens are allowed, most of a large vocabulary is passed over in steps of a word.
    if (mask && (id & 31) === 0 && (mask[id >> 5] ?? 0) === 0) {
      id += 31;
      continue;
    }
    const value = logits[id] ?? Number.NEGATIVE_INFINITY;
    if (value > max && isAllowed(id, mask)) {
      max = value;
      best = id;
    }
  }
  return best;
}

/** The logits with bias and penalties; the same array if nothing applies. */
function adjusted(logits: Float32Array, sampling: Sampling, options: Circumstances): Float32Array {
  const { repetitionPenalty: repetition, presencePenalty = 0, frequencyPenalty = 0 } = sampling;
  const { seen, counts, bias = [] } = options;
  const repeats = repetition !== 1 && repetition > 0 && seen.size > 0;
  const counted = presencePenalty !== 0 || frequencyPenalty !== 0 ? [...(counts ?? [])] : [];
  if (!repeats && counted.length === 0 && bias.length === 0) return logits;
  const scores = logits.slice();
  // Writing beyond the end of a typed array does nothing, and an id may be beyond this model's vocabulary.
  for (const [id, value] of bias) scores[id]! += value;
  if (repeats) {
    for (const id of seen) scores[id] = scores[id]! > 0 ? scores[id]! / repetition : scores[id]! * repetition;
  }
  for (const [id, count] of counted) scores[id]! -= presencePenalty + count * frequencyPenalty;
  return scores;
}

function isAllowed(id: number, mask: Int32Array | undefined): boolean {
  return mask === undefined || (((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1;
}

/** Ids that pass the filters, likeliest first where a filter is on, else in the order of ids. */
function filtered(weights: Float64Array, total: number, { topK, topP, minP }: Sampling): ArrayLike<number> {
  if (topK <= 0 && topP >= 1 && minP <= 0) return { length: 0 };
  // Tokens below this share sum to less than 1 - topP, so none of them can be in the nucleus: no need to sort them.
  // With top-k first the rest is renormalised, where that bound does not hold.
  const nucleusFloor = topK > 0 ? 0 : (Math.max(0, 1 - topP) / weights.length) * total;
  const floor = Math.max(nucleusFloor, minP); // the likeliest token weighs 1
  const ids: number[] = [];
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] ?? 0;
    if (weight > 0 && weight >= floor) ids.push(id);
  }
  ids.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  const kept = topK > 0 ? ids.slice(0, topK) : ids;
  const mass = topK > 0 ? kept.reduce((sum, id) => sum + (weights[id] ?? 0), 0) : total;
  let sum = 0;
  let count = 0;
  while (count < kept.length && (count === 0 || sum < topP * mass)) {
    sum += weights[kept[count] ?? 0] ?? 0;
    count++;
  }
  return kept.slice(0, count);
}

/** Walks the cumulative distribution. An empty candidate list means every token. */
function draw(candidates: ArrayLike<number>, weights: Float64Array, uniform: number): number {
  const all = candidates.length === 0;
  const count = all ? weights.length : candidates.length;
  const idAt = (index: number): number => (all ? index : (candidates[index] ?? 0));
  let mass = 0;
  for (let index = 0; index < count; index++) mass += weights[idAt(index)] ?? 0;
  let left = uniform * mass;
  let last = idAt(0);
  for (let index = 0; index < count; index++) {
    const id = idAt(index);
    const weight = weights[id] ?? 0;
    if (weight === 0) continue;
    last = id;
    left -= weight;
    if (left < 0) return id;
  }
  return last;
}

/** Log probabilities at temperature 1: of a token, and of the likeliest ones, in their order. */
export function plainLogprobs(
  logits: Float32Array,
  id: number,
  count: number,
): { readonly logprob: number; readonly top: readonly (readonly [id: number, logprob: number])[] } {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of logits) if (value > max) max = value;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - max);
  const logNorm = max + Math.log(sum);
  const logprob = (token: number): number => (logits[token] ?? Number.NEGATIVE_INFINITY) - logNorm;
  return { logprob: logprob(id), top: likeliestIds(logits, count).map((top) => [top, logprob(top)]) };
}

function likeliestIds(logits: Float32Array, count: number): number[] {
  const top: number[] = [];
  if (count === 0) return top;
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id] ?? Number.NEGATIVE_INFINITY;
    const last = top[top.length - 1];
    if (top.length === count && last !== undefined && value <= (logits[last] ?? 0)) continue;
    const at = top.findIndex((other) => (logits[other] ?? 0) < value);
    top.splice(at < 0 ? top.length : at, 0, id);
    if (top.length > count) top.pop();
  }
  return top;
}
