/** Choosing the next token from the logits of a model. */
import type { Sampling } from "../types";
import { largest, maximaOf } from "./blocks";
import { drawExactly } from "./exact";
import { drawQuickly } from "./quick";
import { type LogitChanges, adjusted, isAllowed, masked } from "./scores";

/** Vocabularies with fewer tokens take less time than the preparations of the quick ways. */
const SMALL = 4096;

/** Facts that a choice depends on, besides the logits and the sampling. */
interface Circumstances extends LogitChanges {
  /** A number in [0, 1) that decides where chance does. */
  readonly uniform: number;
  /** One bit for each id, the lowest first: 1 if it may be chosen. Absent: all may. */
  readonly mask?: Int32Array | undefined;
}

/**
 * Chooses a token; temperature 0 takes the likeliest token and the lowest id among equals. Bias, penalties, mask,
 * temperature, top-k, top-p and min-p apply in this order, and always leave one. The logits are not changed.
 */
export function sampleToken(logits: Float32Array, sampling: Sampling, options: Circumstances): number {
  const { mask, uniform } = options;
  const scores = adjusted(logits, sampling, options);
  if (sampling.temperature <= 0) return likeliest(scores, mask);
  const allowed = mask ? masked(scores, mask) : scores;
  const id = allowed.length < SMALL ? undefined : drawQuickly(allowed, sampling, uniform);
  return id ?? drawExactly(allowed, sampling, uniform);
}

/** Id of the largest score that the mask allows; the lowest id among equals. NaN counts as smallest. */
function likeliest(scores: Float32Array, mask: Int32Array | undefined): number {
  if (!mask) return largest(scores, maximaOf(scores).blocks, 1)[0] ?? 0;
  let best = 0;
  let max = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < scores.length; id++) {
    // Where few tokens are allowed, most of a large vocabulary is passed over in steps of a word.
    if ((id & 31) === 0 && (mask[id >> 5] ?? 0) === 0) {
      id += 31;
      continue;
    }
    const value = scores[id]!;
    if (value > max && isAllowed(id, mask)) {
      max = value;
      best = id;
    }
  }
  return best;
}
