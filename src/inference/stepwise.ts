/** Answers of engines that compute one answer at a time: a prompt, then a token after another. */
import type { AnswerTokens } from "./answer-tokens";
import type { GenerationEvent } from "./types";

/** Logits, and how many tokens of the prompt did not have to be read again. */
export interface Prefilled {
  readonly logits: Float32Array;
  readonly cachedTokens: number;
}

/** A model as a function from tokens to logits, with the tokens that it has read. To be used by one answer at a time. */
export interface Stepper {
  /**
   * Reads `ids` and gives the logits after the last; aborting stops between two pieces. `candidates` is the number of
   * likeliest tokens whose logits are needed; undefined if all are. The logits are valid until the next call.
   */
  prefill(
    ids: readonly number[],
    options: {
      readonly asker: string | undefined;
      readonly candidates: number | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<Prefilled>;
  /** Adds one token and gives the logits behind it. */
  decode(id: number, candidates: number | undefined): Promise<Float32Array>;
}

/** Streams an answer. `asker` is the peer for whom it is; tokens of another are not reused. */
export async function* answerStepwise(
  answer: AnswerTokens,
  stepper: Stepper,
  { asker, signal }: { readonly asker: string | undefined; readonly signal: AbortSignal },
): AsyncGenerator<GenerationEvent, void> {
  yield* answer.begin();
  const startTime = performance.now();
  const { candidates } = answer;
  const first = answer.over ? undefined : await stepper.prefill(answer.ids, { asker, candidates, signal });
  const firstTokenTime = performance.now();
  let logits = first?.logits;
  while (logits) {
    signal.throwIfAborted();
    const { id, events } = answer.take(logits);
    yield* events;
    if (answer.over || id === undefined) break;
    logits = await stepper.decode(id, answer.candidates);
  }
  yield* answer.end({ cachedTokens: first?.cachedTokens ?? 0, startTime, firstTokenTime });
}
