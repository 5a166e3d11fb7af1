/** The consumer's own part of a ring: layers [0, front) before the first peer and [back, layers) after the last. */
import { SAME } from "./limits";
import type { Prepared } from "./prepare";

/** Time of the consumer's own part for one token, in ms; infinite if it may not hold layers. */
export function consumerMs(p: Prepared, front: number, back: number): number {
  const work = p.work[front]! + p.work[p.layers]! - p.work[back]!;
  const layersMs = front > 0 || back < p.layers ? p.consumer.msPerLayer * work : 0;
  const embedMs = p.keepsEnds || front > 0 ? p.consumer.embedMs : 0;
  const headMs = p.keepsEnds || back < p.layers ? p.consumer.headMs : 0;
  return layersMs + embedMs + headMs;
}

/** Whether the consumer has the memory for its part, and computes it within `capMs` per token. */
export function consumerFits(p: Prepared, front: number, back: number, capMs: number): boolean {
  const holds = front > 0 || back < p.layers;
  if (holds && p.consumer.msPerLayer === Infinity) return false;
  const need = p.need[front]! + p.need[p.layers]! - p.need[back]!;
  if ((holds || p.keepsEnds) && need > p.consumer.room) return false;
  return consumerMs(p, front, back) <= capMs * (1 + SAME);
}

/** The consumer parts that one pass of the search covers. */
export interface ConsumerPart {
  /** Fewest and most layers at the front. */
  readonly front: readonly [number, number];
  /** The back may begin here or later; equal to the number of layers if there is no back. */
  readonly back: number;
}

/**
 * Splits the consumer's choices into parts that one pass can cover. If all layers are alike, layers at the back are
 * worth the same at the front, so one pass is enough; else each front has the back that its memory allows. `key` runs
 * from 0 to `partCount(p) - 1`. Returns undefined if that part does not fit.
 */
export function consumerPart(p: Prepared, frontOnly: boolean, key: number, capMs: number): ConsumerPart | undefined {
  if (!consumerFits(p, 0, p.layers, capMs)) return undefined;
  if (p.uniform || frontOnly) {
    let most = p.layers - 1;
    while (most > 0 && !consumerFits(p, most, p.layers, capMs)) most--;
    if (p.stages === undefined) return { front: [0, most], back: p.layers };
    // A consumer that holds layers counts as a stage; one that does not is not counted.
    if (key === 0) return { front: [0, 0], back: p.layers };
    return most > 0 ? { front: [1, most], back: p.layers } : undefined;
  }
  if (key > 0 && !consumerFits(p, key, p.layers, capMs)) return undefined;
  let back = p.layers;
  while (back - 1 > key && consumerFits(p, key, back - 1, capMs)) back--;
  return { front: [key, key], back };
}

/** The number of parts that `consumerPart` distinguishes. */
export function partCount(p: Prepared, frontOnly: boolean): number {
  if (p.uniform || frontOnly) return p.stages === undefined ? 1 : 2;
  return p.layers;
}
