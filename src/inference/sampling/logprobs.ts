/** Log probabilities of a chosen token and of the likeliest others. */
import type { TokenLogprob } from "../types";

/** Most alternatives that may be asked for, as in OpenAI's API. */
const MAX_LOGPROBS = 20;

/** Natural logarithms of the probabilities at temperature 1, before any filter; `written` gives a token's text and bytes. */
export function tokenLogprob(
  logits: Float32Array,
  id: number,
  count: number,
  written: (id: number) => Pick<TokenLogprob, "text" | "bytes">,
): TokenLogprob {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of logits) if (value > max) max = value;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - max);
  const logNorm = max + Math.log(sum);
  const logprob = (token: number): number => (logits[token] ?? Number.NEGATIVE_INFINITY) - logNorm;
  return {
    id,
    ...written(id),
    logprob: logprob(id),
    top: likeliestIds(logits, Math.min(count, MAX_LOGPROBS)).map((top) => ({
      id: top,
      ...written(top),
      logprob: logprob(top),
    })),
  };
}

function likeliestIds(logits: Float32Array, count: number): number[] {
  const top: number[] = [];
  if (count === 0) return top;
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id] ?? Number.NEGATIVE_INFINITY;
    const last = top[top.length - 1];
    if (top.length === count && last !== undefined && value <= (logits[last] ?? 0)) continue;
    const at = top.findIndex((other) => (logits[other] ?? 0) < value);
    top.splice(at < 0 ? top.length : at, 0, id);
    if (top.length > count) top.pop();
  }
  return top;
}
