/** What the planner takes for granted, and what it refuses to believe. */

/** Up to this many nodes, the consumer included, the plan is the exact optimum; above, a measured heuristic. */
export const EXACT_NODES = 12;

/** Above this many peers, only the most promising are looked at: more would not finish while a person waits. */
export const MAX_CANDIDATES = 64;

/** Layers of a model: no published decoder has half as many, and the planner's tables grow with it. */
export const MAX_LAYERS = 512;

/** Memory a node needs beside weights and KV cache: activations, staging buffers, the runtime's own. */
export const OVERHEAD_BYTES = 64 * 2 ** 20;

/** A node more must save this share of the predicted time: figures are noisy, and each node may leave. */
export const MARGIN = 0.02;

/** No device decodes a layer faster; a peer that claims less is planned with this. */
export const MIN_DECODE_MS_PER_LAYER = 0.001;

/** A node that needs a minute for a layer helps nobody; it is refused, as are figures beyond all sense. */
export const MAX_DECODE_MS_PER_LAYER = 60_000;

/** A token id on the wire, for a consumer that gives the embedding or the head away. */
export const TOKEN_BYTES = 4;

/** Two predicted times closer than this share are one: sums in another order differ by less. */
export const SAME = 1e-9;

/**
 * The cap for rings clearly better than `ms`. It leaves out `ms` itself: passes let a ring exceed its cap by `SAME`,
 * so a cap only that much lower would still admit a ring as slow as `ms`, which could hide a better one.
 */
export function clearlyBelow(ms: number): number {
  return ms * (1 - 2 * SAME);
}
