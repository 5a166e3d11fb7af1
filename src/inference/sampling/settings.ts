/** Which sampling applies to a request. */
import type { EngineRequest, RequestedSampling, Sampling } from "../types";

/** The sampling of models that recommend none: greedy, with all filters off. */
export const DEFAULT_SAMPLING: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

/** A request whose sampling is complete. */
export interface ResolvedRequest extends EngineRequest {
  readonly sampling: Sampling;
}

/** Explicit values of a request, and the model's own for all others. */
export function chosenSampling(requested: RequestedSampling, own: Sampling = DEFAULT_SAMPLING): Sampling {
  const presencePenalty = requested.presencePenalty ?? own.presencePenalty;
  const frequencyPenalty = requested.frequencyPenalty ?? own.frequencyPenalty;
  return {
    temperature: requested.temperature ?? own.temperature,
    topK: requested.topK ?? own.topK,
    topP: requested.topP ?? own.topP,
    minP: requested.minP ?? own.minP,
    repetitionPenalty: requested.repetitionPenalty ?? own.repetitionPenalty,
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
  };
}
