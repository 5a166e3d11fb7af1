/**
 * Judges a model by a sentence that every trained model expects. Comparing two ways to compute the same does not find a
 * kernel that is wrong in both, weights that are damaged, or a graph that overflows 16 bits.
 */
import type { ChatTokenizer } from "./tokenizer";
import { wrongResults } from "./model-errors";

const QUESTION = "What is the capital of Japan?";
const ANSWER = "The capital of Japan is Tokyo.";
/** Stands in for the chat if a model has no template for one. */
const PLAIN_PROMPT = `Question: What is the capital of Italy?\nAnswer: The capital of Italy is Rome.\n\nQuestion: ${QUESTION}\nAnswer: `;

/**
 * Largest mean surprise at the answer's tokens, as a share of ln V, the surprise of a blind guess among V tokens. SmolLM2-135M
 * has 0.01, random weights 2. A model that
 * always begins with a thought is surprised at one or two words only.
 */
const MAX_SURPRISE_SHARE = 0.6;

/** A question in the model's own chat format, and the answer to it, as tokens. */
export interface KnownAnswer {
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
}

/** The tokens of the question and the answer for the model of this tokenizer. */
export function knownAnswer(tokenizer: ChatTokenizer): KnownAnswer {
  return { prompt: prompt(tokenizer), answer: tokenizer.encode(ANSWER) };
}

/**
 * The mean of `-ln p` over tokens, in nats. `rows` are the logits before each of them. Infinite if a number is not finite.
 */
export function meanSurprise(rows: readonly Float32Array[], ids: readonly number[]): number {
  const surprises = rows.map((row, index) => {
    const highest = row.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
    const total = row.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    return highest + Math.log(total) - (row[ids[index] ?? -1] ?? Number.NaN);
  });
  const mean = surprises.reduce((sum, value) => sum + value, 0) / surprises.length;
  return Number.isFinite(mean) ? mean : Number.POSITIVE_INFINITY;
}

/** Throws `wrong-results` if no trained model is as surprised as that at the answer. */
export function requirePlausible(surprise: number, vocabulary: number): void {
  const guessing = Math.log(vocabulary);
  if (surprise <= MAX_SURPRISE_SHARE * guessing) return;
  throw wrongResults(
    `it does not expect “${ANSWER}” as the answer to “${QUESTION}” (${surprise.toFixed(1)} nats per token, where guessing costs ${guessing.toFixed(1)})`,
  );
}

function prompt(tokenizer: ChatTokenizer): number[] {
  // Otherwise, the answer might stand inside of a thought.
  const settings = tokenizer.abilities?.thinking === "switch" ? { template: { enable_thinking: false } } : {};
  try {
    return tokenizer.read([{ role: "user", content: QUESTION }], settings);
  } catch {
    return tokenizer.encode(PLAIN_PROMPT);
  }
}
