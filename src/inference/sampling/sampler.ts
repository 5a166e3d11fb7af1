/** Choosing the next token from the logits of a model. */
import type { Sampling } from "../types";

/** Tokens less likely than the likeliest by more than e to this (1e-15) are never drawn: a double could not tell. */
const MIN_EXPONENT = -35;

/**
 * Chooses a token. `uniform` in [0, 1) decides where chance does; temperature 0 takes the likeliest token and the
 * lowest id among equals. Filters apply in the order penalty, temperature, top-k, top-p, min-p, and always leave one.
 * `seen` are the ids of prompt and answer, for the penalty. The logits are not changed.
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  options: { uniform: number; seen: ReadonlySet<number> },
): number {
  const scores = penalised(logits, sampling.repetitionPenalty, options.seen);
  if (sampling.temperature <= 0) return likeliest(scores);
  const best = scores[likeliest(scores)] ?? 0;
  const weights = new Float64Array(scores.length);
  let total = 0;
  for (let id = 0; id < scores.length; id++) {
    const exponent = ((scores[id] ?? Number.NEGATIVE_INFINITY) - best) / sampling.temperature;
    // Most of a large vocabulary is this unlikely, and computing an exponential takes longer than leaving it out.
    if (!(exponent > MIN_EXPONENT)) continue;
    const weight = Math.exp(exponent);
    weights[id] = weight;
    total += weight;
  }
  const candidates = filtered(weights, total, sampling);
  return draw(candidates, weights, options.uniform);
}

/** Id of the largest logit; the lowest id among equals. NaN counts as smallest. */
function likeliest(logits: Float32Array): number {
  let best = 0;
  let max = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id] ?? Number.NEGATIVE_INFINITY;
    if (value > max) {
      max = value;
      best = id;
    }
  }
  return best;
}

function penalised(logits: Float32Array, penalty: number, seen: ReadonlySet<number>): Float32Array {
  if (penalty === 1 || penalty <= 0 || seen.size === 0) return logits;
  const scores = logits.slice();
  for (const id of seen) {
    const value = scores[id];
    if (value !== undefined) scores[id] = value > 0 ? value / penalty : value * penalty;
  }
  return scores;
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
