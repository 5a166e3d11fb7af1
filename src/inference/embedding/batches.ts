/** Puts texts of similar length together, so that little is computed for padding. */

/** Limits of a batch. */
export interface BatchLimits {
  /** Most texts. */
  readonly inputs: number;
  /** Most tokens, with those that shorter texts are padded with; a single text may have more. */
  readonly tokens: number;
}

/** The indexes of the texts in batches, the shortest texts first. `lengths` are their numbers of tokens. */
export function batchesOf(lengths: readonly number[], limits: BatchLimits): number[][] {
  const sorted = [...lengths.keys()].sort((a, b) => lengths[a]! - lengths[b]!);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const index of sorted) {
    // Sorted, the next text is the longest of the batch.
    const full = batch.length === limits.inputs || (batch.length + 1) * lengths[index]! > limits.tokens;
    if (full && batch.length > 0) {
      batches.push(batch);
      batch = [];
    }
    batch.push(index);
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}
