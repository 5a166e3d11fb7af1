/** Tries out a freshly loaded embedding model: whether its vectors can be trusted, alone and in batches, and how fast they come. */
import { cosine } from "../embedding";
import { CHECK_TEXT } from "../queued-model";
import type { ChatTokenizer } from "../tokenizer";
import type { EmbeddingRunner } from "./embedding-runner";
import { wrongResults } from "../model-errors";

/** Tokens of texts that are computed alone and together. */
const LENGTHS = [48, 17, 5] as const;
/** Least cosine of a GPU's vector and the CPU's: 16 bits give 0.999, and wrong kernels hardly ever more than 0.5. */
const LIKE_CPU = 0.99;
/**
 * Least cosine of a vector that was computed alone and one from a batch. Rounding leaves 0.99999 in 16 bits. Graphs that
 * quantize their activations with one scale for the whole batch give less: there, a text's vector would depend on its neighbours.
 */
const SAME = 0.9999;

/** The result of the check. */
export interface EmbeddingCheck {
  /** Numbers of a vector. */
  readonly dimensions: number;
  /** Whether texts have the same vectors in a batch as alone. */
  readonly batches: boolean;
  /** Tokens per second. */
  readonly prefillRate: number;
}

/** Runs one step in the worker's fair order. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** The texts of the check as tokens, each at most as long as the window. */
export function checkTexts(tokenizer: ChatTokenizer, window: number): (readonly number[])[] {
  const words = tokenizer.encodeText(CHECK_TEXT);
  return LENGTHS.map((length) =>
    Array.from({ length: Math.min(length, window) }, (_, at) => words[at % words.length] ?? 0),
  );
}

/** The vectors of texts that are computed one by one. */
export async function aloneVectors(
  runner: EmbeddingRunner,
  texts: readonly (readonly number[])[],
  turn: Turn,
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const ids of texts) vectors.push(...(await turn(() => runner.run([ids]))));
  return vectors;
}

/** Throws `wrong-results` if the numbers are unusable, or not those that the CPU has given (`expected`). */
export async function checkEmbedder(
  runner: EmbeddingRunner,
  texts: readonly (readonly number[])[],
  options: { turn: Turn; expected: readonly Float32Array[] | undefined; now?: () => number },
): Promise<EmbeddingCheck> {
  const { turn, expected, now = () => performance.now() } = options;
  const alone = await aloneVectors(runner, texts, turn);
  const [first] = alone;
  const sound = (vector: Float32Array): boolean =>
    vector.every(Number.isFinite) && vector.some((each) => each !== vector[0]);
  if (!first || !alone.every(sound)) throw wrongResults("its results are not numbers, or all equal");
  if (expected?.some((vector, index) => !(cosine(vector, alone[index]!) >= LIKE_CPU))) {
    throw wrongResults("the CPU gives other vectors for the same texts");
  }
  const batches = await sameTogether(runner, texts, alone, turn);
  // The first run of a size has compiled its kernels.
  const start = now();
  await turn(() => runner.run([texts[0]!]));
  const prefillRate = (texts[0]!.length / Math.max(now() - start, 0.01)) * 1000;
  return { dimensions: first.length, batches, prefillRate };
}

async function sameTogether(
  runner: EmbeddingRunner,
  texts: readonly (readonly number[])[],
  alone: readonly Float32Array[],
  turn: Turn,
): Promise<boolean> {
  try {
    const together = await turn(() => runner.run(texts));
    return together.every((vector, index) => cosine(vector, alone[index]!) >= SAME);
  } catch {
    // Some graphs were exported for one text only.
    return false;
  }
}
