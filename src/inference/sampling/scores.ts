/** The scores that a token is chosen by: logits with bias, penalties and mask. */
import type { Sampling } from "../types";

/** LogitChanges of logits, besides those of the sampling. */
export interface LogitChanges {
  /** Ids of prompt and answer, for the repetition penalty. */
  readonly seen: ReadonlySet<number>;
  /** How often the answer contains each of its ids, for the penalties of presence and frequency. */
  readonly counts?: ReadonlyMap<number, number>;
  /** Added to the logits of these ids. */
  readonly bias?: readonly (readonly [id: number, bias: number])[] | undefined;
}

/** Added to the score of an id whose bit is 0 or 1. */
const ADDED = [Number.NEGATIVE_INFINITY, 0];

/** Memory for scores, used again for each token: a large vocabulary has a megabyte of them. */
let memory = new Float32Array(0);

/** The logits with bias and penalties; the same array if nothing applies, else one that is valid until the next call. */
export function adjusted(
  logits: Float32Array,
  sampling: Sampling,
  { seen, counts, bias = [] }: LogitChanges,
): Float32Array {
  const { repetitionPenalty: repetition, presencePenalty = 0, frequencyPenalty = 0 } = sampling;
  const repeats = repetition !== 1 && repetition > 0 && seen.size > 0;
  const counted = presencePenalty !== 0 || frequencyPenalty !== 0 ? counts : undefined;
  if (!repeats && !counted?.size && bias.length === 0) return logits;
  const scores = copied(logits);
  // Writing beyond the end of a typed array does nothing, and an id may be beyond this model's vocabulary.
  for (const [id, value] of bias) scores[id]! += value;
  if (repeats) {
    for (const id of seen) scores[id] = scores[id]! > 0 ? scores[id]! / repetition : scores[id]! * repetition;
  }
  for (const [id, count] of counted ?? []) scores[id]! -= presencePenalty + count * frequencyPenalty;
  return scores;
}

/**
 * The scores, and -Infinity (or NaN) for all ids that the mask forbids: it has one bit for each id, the lowest first. The result is
 * valid until the next call.
 */
export function masked(scores: Float32Array, mask: Int32Array): Float32Array {
  const allowed = copied(scores);
  const words = Math.ceil(allowed.length / 32);
  for (let word = 0; word < words; word++) {
    const bits = mask[word] ?? 0;
    if (bits === -1) continue;
    const start = 32 * word;
    if (bits === 0) {
      allowed.fill(Number.NEGATIVE_INFINITY, start, start + 32);
      continue;
    }
    const end = Math.min(start + 32, allowed.length);
    // Adding is quicker than a branch that nobody can foresee.
    for (let id = start; id < end; id++) allowed[id]! += ADDED[(bits >>> id) & 1]!;
  }
  return allowed;
}

/** Whether the mask allows an id; all are allowed if there is none. */
export function isAllowed(id: number, mask: Int32Array | undefined): boolean {
  return mask === undefined || (((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1;
}

function copied(scores: Float32Array): Float32Array {
  if (scores.buffer === memory.buffer) return scores;
  if (memory.length < scores.length) memory = new Float32Array(scores.length);
  const copy = memory.subarray(0, scores.length);
  copy.set(scores);
  return copy;
}
