/** Updates a model's rates from measured answers. */
import type { ModelOffer, Usage } from "../inference";

/** Shorter answers and prompts say little about the rate. */
const MIN_MEASURED_TOKENS = 8;
const MIN_MEASURED_PROMPT = 32;
/** Weight of the newest measurement. */
const WEIGHT = 0.3;

/** The offer, with its rates updated by one more answer that was computed alone. */
export function measured(offer: ModelOffer, usage: Usage): ModelOffer {
  const decoded = usage.completionTokens - 1;
  const read = usage.promptTokens - usage.cachedTokens;
  return {
    ...offer,
    decodeRate: decoded < MIN_MEASURED_TOKENS ? offer.decodeRate : blend(offer.decodeRate, decoded, usage.decodeMs),
    prefillRate: read < MIN_MEASURED_PROMPT ? offer.prefillRate : blend(offer.prefillRate, read, usage.prefillMs),
  };
}

function blend(old: number | undefined, tokens: number, ms: number): number | undefined {
  if (ms <= 0) return old;
  const rate = (1000 * tokens) / ms;
  return old === undefined ? rate : old + WEIGHT * (rate - old);
}
