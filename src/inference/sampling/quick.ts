/**
 * Quick draws from large vocabularies. They look at the whole vocabulary once or twice, make no list of it, and open only
 * the group of tokens in which the choice lies. Sums of groups are not exact, but their error is bounded. Where it could matter,
 * which is less than once in a thousand choices, there is no result.
 */
import type { Sampling } from "../types";
import { BLOCK, largest, maximaOf } from "./blocks";
import { drawExactly } from "./exact";
import { drawFromNucleus } from "./nucleus";
import { overviewOfBlocks } from "./overview";
import { settle, weightOf } from "./weights";

/** If top-k is larger, sorting the whole vocabulary is as quick. */
const MOST_RANKED = 1024;

/** Exponents that differ by more than this have different exponentials, in spite of rounding. */
const CLEAR_DIFFERENCE = 1e-13;

/** Chooses the token that `drawExactly` chooses. Undefined if only that can tell. */
export function drawQuickly(scores: Float32Array, sampling: Sampling, uniform: number): number | undefined {
  const { topK, topP, minP } = sampling;
  if (topK > 0) return drawFromLargest(scores, sampling, uniform);
  if (topP < 1 || minP > 0) return drawFromNucleus(scores, sampling, uniform);
  return drawFromAll(scores, sampling, uniform);
}

/** The choice depends only on the largest scores, so it is that of a vocabulary that has no others. */
function drawFromLargest(scores: Float32Array, sampling: Sampling, uniform: number): number | undefined {
  const { topK, temperature } = sampling;
  if (topK > MOST_RANKED) return undefined;
  const { best, blocks } = maximaOf(scores);
  if (!Number.isFinite(best)) return undefined;
  const ids = largest(scores, blocks, topK).sort((a, b) => a - b);
  const least = ids.reduce((min, id) => Math.min(min, scores[id]!), Number.POSITIVE_INFINITY);
  const near = CLEAR_DIFFERENCE * temperature;
  // Scores that hardly differ may have the same weight, and then the lowest ids count. Only near zero, 32-bit numbers are that dense.
  const isDense = Math.fround(least - near) !== least || Math.fround(least + near) !== least;
  if (isDense && scores.some((score) => score !== least && Math.abs(score - least) <= near)) return undefined;
  return ids[
    drawExactly(
      Float32Array.from(ids, (id) => scores[id]!),
      sampling,
      uniform,
    )
  ];
}

function drawFromAll(scores: Float32Array, { temperature }: Sampling, uniform: number): number | undefined {
  const overview = overviewOfBlocks(scores, temperature);
  if (!overview) return undefined;
  const { sums, total, best, error } = overview;
  let left = uniform * total;
  let block = 0;
  while (block < sums.length && left >= sums[block]!) left -= sums[block++]!;
  const start = block * BLOCK;
  const tokens = Array.from(scores.subarray(start, start + BLOCK), (score, index) => ({
    id: start + index,
    weight: weightOf(score, best, temperature),
  }));
  return settle(tokens, left, error);
}
