/** Assumptions and limits of the planner. */

/** Up to this many nodes, including the consumer, the plan is the exact optimum; above, it comes from a heuristic. */
export const EXACT_NODES = 12;

/** Only this many of the most promising peers are considered; more would take longer than a person waits. */
export const MAX_CANDIDATES = 64;

/** Maximum number of layers. No published decoder has half as many, and the planner's tables grow with it. */
export const MAX_LAYERS = 512;

/** Memory that a node needs beside weights and KV cache: for activations, staging buffers and the runtime. */
export const OVERHEAD_BYTES = 64 * 2 ** 20;

/** One more node must save this share of the predicted time, because figures are noisy and each node may leave. */
export const MARGIN = 0.02;

/** No device decodes a layer faster than this; if a peer claims to, the planner uses this value. */
export const MIN_DECODE_MS_PER_LAYER = 0.001;

/** A node that needs a minute per layer is of no use. It is refused, and so are absurd figures. */
export const MAX_DECODE_MS_PER_LAYER = 60_000;

/** Size of a token id on the wire, for a consumer that does not hold the embedding or the head itself. */
export const TOKEN_BYTES = 4;

/**
 * Predicted times that differ by less than this share are considered equal; adding in another order can differ by this
 * much.
 */
export const SAME = 1e-9;

/**
 * The cap for rings that are clearly better than `ms`. It excludes `ms` itself: a pass lets a ring exceed its cap by
 * `SAME`, so a cap only slightly lower would still admit a ring as slow as `ms`, which could hide a better one.
 */
export function clearlyBelow(ms: number): number {
  return ms * (1 - 2 * SAME);
}
