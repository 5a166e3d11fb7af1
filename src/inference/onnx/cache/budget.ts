/** How much memory the caches of one model may take on this device. */
import { ANSWERS_AT_ONCE } from "../../stages";
import type { Backend } from "../../types";

/** Assumed memory for browsers that do not report it. */
const ASSUMED_MEMORY_BYTES = 4 * 2 ** 30;
/** Share of a device's memory that one tab can expect to use, as in the estimate of which models fit. */
const USABLE_MEMORY_SHARE = 0.75;
/**
 * Share of what the model leaves for answers that run at once. Idle caches may take as much again. On the CPU, the runtime copies
 * the caches of a run into its own memory and the new ones out of it, so they are held more than once.
 */
const ANSWERS_SHARE: Record<Backend, number> = { webgpu: 0.25, wasm: 0.125 };
/** Every GPU on which a model loads at all has this much more for its answers; the CPU's caches lie in the page's own memory. */
const LEAST_BYTES: Record<Backend, number> = { webgpu: 512 * 2 ** 20, wasm: 192 * 2 ** 20 };
/** The runtime's own memory on the CPU ends at 4 GiB, and the model lies there, too. */
const MOST_BYTES: Record<Backend, number> = { webgpu: Infinity, wasm: 2 ** 30 };
/** A conversation whose prompt and answer have 1024 tokens each. Longer ones take what idle caches leave. */
const TYPICAL_CONVERSATION_TOKENS = 2048;
/** A model in memory, as far as its caches depend on it. */
interface CachedModel {
  readonly backend: Backend;
  /** Bytes of the model's files. */
  readonly modelBytes: number;
  /** Bytes that the browser reports for the whole device; undefined if it does not. */
  readonly memoryBytes: number | undefined;
  /** Tokens. */
  readonly contextLength: number;
  /** Bytes of keys and values of one token, and of state of fixed size. */
  readonly spec: { readonly bytesPerToken: number; readonly fixedBytes: number };
}

interface CacheBudget {
  /** Answers that are computed at once. */
  readonly places: number;
  /** Bytes of all caches together, of running answers and idle ones. */
  readonly maxBytes: number;
  /** Bytes of one idle cache if there is no other cache: on a GPU one of a full context, unless the device is too small. */
  readonly maxAloneBytes: number;
}

/** The budget of a model. Nobody knows a GPU's free memory, so it follows from the device's, as the estimate of the fit does. */
export function cacheBudget({ backend, modelBytes, memoryBytes, contextLength, spec }: CachedModel): CacheBudget {
  const usable = (memoryBytes ?? ASSUMED_MEMORY_BYTES) * USABLE_MEMORY_SHARE;
  const left = Math.max(0, usable - modelBytes);
  const answers = Math.max(LEAST_BYTES[backend], Math.min(MOST_BYTES[backend], left * ANSWERS_SHARE[backend]));
  const bytesOf = (tokens: number): number => spec.fixedBytes + spec.bytesPerToken * Math.min(contextLength, tokens);
  const maxBytes = 2 * answers;
  return {
    places: Math.max(1, Math.min(ANSWERS_AT_ONCE, Math.floor(answers / bytesOf(TYPICAL_CONVERSATION_TOKENS)))),
    maxBytes,
    maxAloneBytes: backend === "wasm" ? maxBytes : Math.max(maxBytes, Math.min(left, bytesOf(contextLength))),
  };
}
