/** What a freshly loaded model can be trusted with: tried out, never assumed. */
import { MicrogridError } from "../../core";
import type { KvCache } from "./kv-cache";
import type { ModelRunner } from "./runner";

/** Length of the prompt that is tried. */
export const CHECK_TOKENS = 48;
/** Size of chunks that the reference is computed with; nothing larger is taken on trust. */
const SMALL_CHUNK = 8;
/** Tokens of the reference that are fed one by one, as decoding does. */
const SINGLE_STEPS = 4;
/**
 * Chunk sizes to try, largest first. Software WebGPU is known to compute wrong logits from 32 tokens on and exact ones
 * below (ONNX Runtime Web 1.30), hence 31.
 */
const CHUNKS = [CHECK_TOKENS, 31, 16] as const;
/**
 * Largest root mean square difference of logits, as a share of their spread, between two ways to compute the same.
 * Other summation orders give 1e-6 in fp32 and about 1e-2 in fp16 or int8; wrong kernels give 0.3 and more.
 */
const TOLERANCE = 0.08;

/** Runs one step in the worker's fair order. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** What the check found. */
export interface CheckResult {
  /** Largest chunk of a prompt that gave the reference's logits. */
  readonly prefillChunk: number;
  readonly kvInPlace: boolean;
  /** Tokens per second. */
  readonly prefillRate: number;
  readonly decodeRate: number;
}

/**
 * Computes the logits after `ids` (`CHECK_TOKENS` of them) in small steps with a growing cache, then in larger chunks
 * with the cache that is wished for, and takes the largest that agrees. Throws `unsupported-model` where the small
 * steps give no numbers at all.
 */
export async function checkModel(
  runner: ModelRunner,
  ids: readonly number[],
  caches: { plain: () => KvCache; inPlace: (() => KvCache) | undefined },
  options: { turn: Turn; now?: () => number },
): Promise<CheckResult> {
  const now = options.now ?? (() => performance.now());
  const bulk = ids.slice(0, -SINGLE_STEPS);
  const singles = ids.slice(-SINGLE_STEPS);
  const stepMs: number[] = [];
  const reference = await withCache(caches.plain, async (cache) => {
    let logits = await predictInChunks(runner, cache, bulk, SMALL_CHUNK, options.turn);
    for (const id of singles) {
      logits = await options.turn(async () => {
        const start = now();
        const next = await runner.predict(cache, [id]);
        stepMs.push(now() - start);
        return next;
      });
    }
    return logits;
  });
  if (!reference.every(Number.isFinite)) {
    throw new MicrogridError(
      "unsupported-model",
      "This model computes no usable numbers on this device. Try it on the CPU (WASM), or choose a variant with fp32 activations.",
    );
  }
  for (const create of caches.inPlace ? [caches.inPlace, caches.plain] : [caches.plain]) {
    for (const chunk of CHUNKS) {
      const start = now();
      const logits = await withCache(create, (cache) => predictInChunks(runner, cache, ids, chunk, options.turn));
      const prefillRate = (ids.length / (now() - start)) * 1000;
      if (difference(logits, reference) > TOLERANCE) continue;
      return { prefillChunk: chunk, kvInPlace: create === caches.inPlace, prefillRate, decodeRate: 1000 / Math.min(...stepMs) };
    }
  }
  const prefillRate = 1000 / Math.min(...stepMs);
  return { prefillChunk: SMALL_CHUNK, kvInPlace: false, prefillRate, decodeRate: prefillRate };
}

/** Feeds `ids` in chunks; gives the logits after the last. */
export async function predictInChunks(
  runner: ModelRunner,
  cache: KvCache,
  ids: readonly number[],
  chunk: number,
  turn: Turn,
): Promise<Float32Array> {
  let at = 0;
  for (; at + chunk < ids.length; at += chunk) {
    const slice = ids.slice(at, at + chunk);
    await turn(() => runner.feed(cache, slice));
  }
  return turn(() => runner.predict(cache, ids.slice(at)));
}

/** Root mean square difference as a share of the reference's standard deviation; infinite where it is not a number. */
export function difference(logits: Float32Array, reference: Float32Array): number {
  const mean = reference.reduce((sum, value) => sum + value, 0) / reference.length;
  let error = 0;
  let spread = 0;
  for (let index = 0; index < reference.length; index++) {
    const expected = reference[index] ?? 0;
    error += ((logits[index] ?? Number.NaN) - expected) ** 2;
    spread += (expected - mean) ** 2;
  }
  const share = Math.sqrt(error / Math.max(spread, 1e-12));
  return Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
}

async function withCache<T>(create: () => KvCache, use: (cache: KvCache) => Promise<T>): Promise<T> {
  const cache = create();
  try {
    return await use(cache);
  } finally {
    cache.dispose();
  }
}
