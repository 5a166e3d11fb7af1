/** Tries out a freshly loaded model. */
import { wrongResults } from "../model-errors";
import { knownAnswer, meanSurprise, requirePlausible } from "../plausibility";
import type { ChatTokenizer } from "../tokenizer";
import type { LoadedModelInfo } from "../types";
import { type LlamaRunner, MAX_PREFILL_CHUNK } from "./runner";

/** Longest time of a piece of a prompt, in seconds: an answer that is not wanted any more stops after it. */
const CHUNK_SECONDS = 0.25;
const LEAST_CHUNK = 8;

/** Texts by which a tokenizer shows how it divides letters, digits, spaces, marks and other scripts. */
const TEXTS = [
  "The quick brown fox jumps over 13 lazy dogs, doesn't it?",
  "  two spaces,\ttabs\n\nand 1234567890 digits: 3.14159",
  "snake_case camelCase HTTPServer2 x=y*z;//",
  "Ünïcödé — “quotes” … 你好，世界 привет мир مرحبا 🙂👍🏽",
] as const;

/**
 * Throws `wrong-results` if llama.cpp divides texts into other tokens than `tokenizer`, which writes the prompts: all answers
 * would be slightly off.
 */
export async function checkTokenizer(
  tokenizer: ChatTokenizer,
  llama: { tokenize(text: string, special?: boolean): Promise<number[]> },
): Promise<void> {
  for (const text of TEXTS) {
    const theirs = await llama.tokenize(text, false);
    const ours = tokenizer.encode(text);
    if (ours.length === theirs.length && ours.every((id, index) => id === theirs[index])) continue;
    throw wrongResults("llama.cpp divides its texts into other words");
  }
}

/**
 * Measures a model with a question whose answer every trained model expects, and sets the size of its chunks. Throws `wrong-results` if it does not;
 * `trained` is false for models with random weights, made for tests.
 */
export async function checkAnswer(
  runner: LlamaRunner,
  tokenizer: ChatTokenizer,
  { vocabulary, trained, signal }: { vocabulary: number; trained: boolean; signal: AbortSignal },
): Promise<Pick<LoadedModelInfo, "prefillRate" | "decodeRate" | "prefillChunk" | "surprise" | "kvInPlace">> {
  const { prompt, answer } = knownAnswer(tokenizer);
  const startTime = performance.now();
  const { logits } = await runner.prefill(prompt, { asker: undefined, candidates: undefined, signal });
  const prefilledTime = performance.now();
  const rows = [logits.slice()];
  for (const id of answer.slice(0, -1)) {
    signal.throwIfAborted();
    rows.push((await runner.decode(id, undefined)).slice());
  }
  const decodeMs = performance.now() - prefilledTime;
  const surprise = meanSurprise(rows, answer);
  if (trained) requirePlausible(surprise, vocabulary);
  const prefillRate = (1000 * prompt.length) / Math.max(prefilledTime - startTime, 0.01);
  runner.prefillChunk = Math.min(MAX_PREFILL_CHUNK, Math.max(LEAST_CHUNK, Math.round(prefillRate * CHUNK_SECONDS)));
  return {
    prefillRate,
    decodeRate: (1000 * Math.max(1, answer.length - 1)) / Math.max(decodeMs, 0.01),
    prefillChunk: runner.prefillChunk,
    kvInPlace: true,
    ...(Number.isFinite(surprise) && { surprise }),
  };
}
