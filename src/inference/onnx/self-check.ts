/** Tries out a freshly loaded model, to find the chunk sizes and caches with which it computes correctly. */
import { wrongResults } from "../model-errors";
import type { KvCache, KvCacheFactory } from "./cache/kv-cache";
import { type KnownAnswer, meanSurprise, requirePlausible } from "../plausibility";
import type { ModelRunner } from "./runner";

/** Length of the test prompt. */
export const CHECK_TOKENS = 48;
/** Size of the chunks that the reference is computed with. Larger chunks must first be checked. */
const SMALL_CHUNK = 8;
/** Tokens of the reference that are fed one by one, as decoding does. */
const SINGLE_STEPS = 4;
/**
 * Chunk sizes to try, largest first. Software WebGPU is known to compute wrong logits from 32 tokens on and exact ones
 * below (ONNX Runtime Web 1.30), hence 31.
 */
const CHUNKS = [CHECK_TOKENS, 31, 16, SMALL_CHUNK] as const;
/** Larger chunks, worth trying if they take little time: a GPU computes them at once. */
const LONG_CHUNKS = [256, 128] as const;
/** Longest time of a chunk in ms, since other answers wait for their next token meanwhile. */
const MAX_CHUNK_MS = 250;
/**
 * Largest root mean square difference of logits, as a share of their spread, between two ways to compute the same.
 * Other summation orders give 1e-6 in fp32 and about 1e-2 in fp16 or int8; wrong kernels give 0.3 and more.
 */
export const TOLERANCE = 0.08;

/**
 * The same for graphs that round activations to 8 bits as they go, with one scale for all tokens of a chunk: another chunk gives
 * another rounding. SmolLM2-135M in such 8 bits differs by 0.15 to 0.43, and gives the known answer all the same.
 */
const ROUNDING_TOLERANCE = 0.6;

/** Runs one step in the worker's fair order. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** The result of the check. */
export interface CheckResult {
  /** Largest chunk of a prompt that gave the reference's logits. */
  readonly prefillChunk: number;
  readonly kvInPlace: boolean;
  /** Tokens per second. */
  readonly prefillRate: number;
  readonly decodeRate: number;
  /** Mean surprise at the words of a well-known answer, in nats per token. */
  readonly surprise: number;
}

/** The result of the comparisons alone. */
type Settings = Omit<CheckResult, "surprise">;

/** The model to check, with a test prompt and its caches. */
interface CheckSubject {
  readonly runner: ModelRunner;
  /** Tokens of ordinary text, at least `CHECK_TOKENS` of them; more allow larger chunks to be tried. */
  readonly ids: readonly number[];
  readonly plain: KvCacheFactory;
  /** Caches bound in place, where the graph allows them. */
  readonly inPlace: KvCacheFactory | undefined;
  /** A question and its answer, which trained models expect. */
  readonly known: KnownAnswer;
  /** True for graphs that round activations, see `ROUNDING_TOLERANCE`. */
  readonly rounds: boolean;
  /** False for models with random weights, made for tests: they expect nothing. */
  readonly trained: boolean;
}

/**
 * Finds the largest chunk and the best caches that give the same logits as small steps with a growing cache, then judges a
 * text that is read with them. Throws `wrong-results` if the numbers are unusable, or if no trained model would give them.
 */
export async function checkModel(
  subject: CheckSubject,
  options: { turn: Turn; now?: () => number },
): Promise<CheckResult> {
  const { turn, now = () => performance.now() } = options;
  const settings = await trustedSettings(subject, turn, now);
  const create = settings.kvInPlace ? (subject.inPlace ?? subject.plain) : subject.plain;
  const rows = await answerLogits(subject, create, settings.prefillChunk, turn);
  const surprise = meanSurprise(rows, subject.known.answer);
  if (surprise === Number.POSITIVE_INFINITY) throw noNumbers();
  if (subject.trained) requirePlausible(surprise, rows[0]?.length ?? 0);
  return { ...settings, surprise };
}

async function trustedSettings(subject: CheckSubject, turn: Turn, now: () => number): Promise<Settings> {
  const ids = subject.ids.slice(0, CHECK_TOKENS);
  const { logits: reference, decodeRate } = await referenceLogits(subject, ids, turn, now);
  for (const create of subject.inPlace ? [subject.inPlace, subject.plain] : [subject.plain]) {
    for (const chunk of CHUNKS) {
      const measure = () =>
        timed(() => withCache(create, (cache) => predictInChunks(subject.runner, cache, ids, chunk, turn)), now);
      const { result, ms } = await measure();
      if (difference(result, reference) > toleranceOf(subject)) continue;
      // The first run of a size compiles its kernels; where that was quick, the second tells the rate.
      const steadyMs = ms < MAX_CHUNK_MS ? Math.min(ms, (await measure()).ms) : ms;
      const prefillRate = (ids.length / steadyMs) * 1000;
      const prefillChunk = chunk === CHECK_TOKENS ? await longestChunk(subject, create, prefillRate, turn) : chunk;
      return { prefillChunk, kvInPlace: create === subject.inPlace, prefillRate, decodeRate };
    }
  }
  throw wrongResults("tokens that are read one by one give other results than the same tokens in pieces");
}

/** The logits before each token of the known answer, which is read after its question. */
async function answerLogits(
  { runner, known }: CheckSubject,
  create: KvCacheFactory,
  chunk: number,
  turn: Turn,
): Promise<readonly Float32Array[]> {
  const ids = [...known.prompt, ...known.answer].slice(0, -1);
  const first = known.prompt.length - 1;
  const read = (step: number) =>
    withCache(create, async (cache) => {
      const rows: Float32Array[] = [];
      for (let at = 0; at < ids.length;) {
        const end = at < first ? Math.min(at + chunk, first) : at + step;
        const piece = ids.slice(at, end);
        if (at < first) await turn(() => runner.feed(cache, piece));
        else rows.push(...(await turn(() => runner.predict(cache, piece, piece.length))));
        at = end;
      }
      return rows;
    });
  const rows = await read(chunk);
  // Some graphs give the logits of the last token only.
  return rows.length === known.answer.length ? rows : read(1);
}

/** Logits that nothing but small steps went into, and how fast single ones are. */
async function referenceLogits(
  { runner, plain }: CheckSubject,
  ids: readonly number[],
  turn: Turn,
  now: () => number,
): Promise<{ logits: Float32Array; decodeRate: number }> {
  const bulk = ids.slice(0, -SINGLE_STEPS);
  const stepMs: number[] = [];
  const logits = await withCache(plain, async (cache) => {
    let last = await predictInChunks(runner, cache, bulk, SMALL_CHUNK, turn);
    for (const id of ids.slice(-SINGLE_STEPS)) {
      const { result, ms } = await turn(() => timed(() => predictLast(runner, cache, [id]), now));
      last = result;
      stepMs.push(ms);
    }
    return last;
  });
  // A GPU that could not allocate its buffers returns equal numbers everywhere.
  if (!logits.every(Number.isFinite) || logits.every((value) => value === logits[0])) throw noNumbers();
  return { logits, decodeRate: 1000 / Math.min(...stepMs) };
}

/** The largest of the long chunks that is quick and gives the same results as chunks of `CHECK_TOKENS`. */
async function longestChunk(
  subject: CheckSubject,
  create: KvCacheFactory,
  prefillRate: number,
  turn: Turn,
): Promise<number> {
  for (const chunk of LONG_CHUNKS) {
    if (chunk > subject.ids.length || (chunk / prefillRate) * 1000 > MAX_CHUNK_MS) continue;
    const ids = subject.ids.slice(0, chunk);
    const feed = (size: number) =>
      withCache(create, (cache) => predictInChunks(subject.runner, cache, ids, size, turn));
    if (difference(await feed(chunk), await feed(CHECK_TOKENS)) <= toleranceOf(subject)) return chunk;
  }
  return CHECK_TOKENS;
}

function toleranceOf({ rounds }: CheckSubject): number {
  return rounds ? ROUNDING_TOLERANCE : TOLERANCE;
}

function noNumbers(): Error {
  return wrongResults("its results are not numbers, or all equal");
}

async function timed<T>(work: () => Promise<T>, now: () => number): Promise<{ result: T; ms: number }> {
  const start = now();
  const result = await work();
  return { result, ms: now() - start };
}

/** Feeds `ids` in chunks; gives the logits after the last. */
async function predictInChunks(
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
  return turn(() => predictLast(runner, cache, ids.slice(at)));
}

async function predictLast(runner: ModelRunner, cache: KvCache, ids: readonly number[]): Promise<Float32Array> {
  const [logits] = await runner.predict(cache, ids, 1);
  return logits!;
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

async function withCache<T>(create: KvCacheFactory, use: (cache: KvCache) => Promise<T>): Promise<T> {
  const cache = create();
  try {
    return await use(cache);
  } finally {
    cache.dispose();
  }
}
