/** The largest score in each block of ids, so that later looks at a vocabulary pass over most of it. */

/** Ids in a block. In smaller ones, too many scores are the largest so far, which processors do not foresee. */
export const BLOCK = 256;

/** The largest scores. NaN counts as smallest. */
export interface Maxima {
  /** That of all ids; -Infinity if there is none. */
  readonly best: number;
  /** That of each block. */
  readonly blocks: Float32Array;
}

/** Finds the largest scores. */
export function maximaOf(scores: Float32Array): Maxima {
  const blocks = new Float32Array(Math.ceil(scores.length / BLOCK));
  let best = Number.NEGATIVE_INFINITY;
  for (let block = 0, id = 0; block < blocks.length; block++) {
    const end = Math.min(id + BLOCK, scores.length);
    let max = Number.NEGATIVE_INFINITY;
    // Four at a time: the loop itself costs as much as a comparison.
    for (; id + 3 < end; id += 4) {
      if (scores[id]! > max) max = scores[id]!;
      if (scores[id + 1]! > max) max = scores[id + 1]!;
      if (scores[id + 2]! > max) max = scores[id + 2]!;
      if (scores[id + 3]! > max) max = scores[id + 3]!;
    }
    for (; id < end; id++) if (scores[id]! > max) max = scores[id]!;
    blocks[block] = max;
    if (max > best) best = max;
  }
  return { best, blocks };
}

/**
 * The ids of the `count` largest scores, the largest first, and the lowest id first among equals. `blocks` are the largest
 * scores of the blocks. Ids of NaN are left out.
 */
export function largest(scores: Float32Array, blocks: Float32Array, count: number): number[] {
  if (count <= 0) return [];
  // If that many blocks reach a score, that many ids do.
  const last = count < blocks.length ? insert([], blocks, count, 0, blocks.length).at(-1) : undefined;
  const floor = last === undefined ? Number.NEGATIVE_INFINITY : blocks[last]!;
  const ids: number[] = [];
  for (let block = 0; block < blocks.length; block++) {
    if (blocks[block]! < floor) continue;
    const start = block * BLOCK;
    insert(ids, scores, count, start, Math.min(start + BLOCK, scores.length));
  }
  return ids;
}

/** Inserts the ids from `start` up to `end` into a list of the `count` largest. */
function insert(ids: number[], scores: Float32Array, count: number, start: number, end: number): number[] {
  for (let id = start; id < end; id++) {
    const score = scores[id]!;
    if (ids.length === count ? !(score > scores[ids[count - 1]!]!) : Number.isNaN(score)) continue;
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (scores[ids[middle]!]! >= score) low = middle + 1;
      else high = middle;
    }
    ids.splice(low, 0, id);
    if (ids.length > count) ids.pop();
  }
  return ids;
}
