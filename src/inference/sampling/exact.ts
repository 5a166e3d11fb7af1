/** The draw in its plain form. The quick forms choose the same, and leave calls that are too close for them to this one. */
import type { Sampling } from "../types";
import { weightOf } from "./weights";

/**
 * Chooses a token by top-k, top-p, min-p and `uniform`. Weights are added one by one: in the order of ids if nothing is
 * filtered, else the likeliest first, and the lowest id first among equals.
 */
export function drawExactly(scores: Float32Array, sampling: Sampling, uniform: number): number {
  const { temperature } = sampling;
  let best = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > best) best = score;
  const weights = new Float64Array(scores.length);
  let total = 0;
  for (let id = 0; id < scores.length; id++) {
    const weight = weightOf(scores[id]!, best, temperature);
    weights[id] = weight;
    total += weight;
  }
  return draw(filtered(weights, total, sampling), weights, uniform);
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
