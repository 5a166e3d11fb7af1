/** Log probabilities of a chosen token and of the likeliest others. */
import type { TokenLogprob } from "../types";
import { largest, maximaOf } from "./blocks";
import { overviewOfBlocks } from "./overview";

/** Most alternatives that may be asked for, as in OpenAI's API. */
const MAX_LOGPROBS = 20;

/** Natural logarithms of the probabilities at temperature 1, before any filter; `written` gives a token's text and bytes. */
export function tokenLogprob(
  logits: Float32Array,
  id: number,
  count: number,
  written: (id: number) => Pick<TokenLogprob, "text" | "bytes">,
): TokenLogprob {
  const overview = overviewOfBlocks(logits, 1);
  const logNorm = overview ? overview.best + Math.log(overview.total) : Number.NaN;
  const logprob = (token: number): number => (logits[token] ?? Number.NEGATIVE_INFINITY) - logNorm;
  return {
    id,
    ...written(id),
    logprob: logprob(id),
    top: largest(logits, (overview ?? maximaOf(logits)).blocks, Math.min(count, MAX_LOGPROBS)).map((top) => ({
      id: top,
      ...written(top),
      logprob: logprob(top),
    })),
  };
}
