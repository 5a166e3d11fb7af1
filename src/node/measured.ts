/** Reads rates from measured answers. */
import type { ModelOffer, Usage } from "../inference";

/** Shorter answers and prompts say little about the rate. */
const MIN_MEASURED_TOKENS = 8;
const MIN_MEASURED_PROMPT = 32;
/** Least weight of the newest measurement in an average, so that it follows changes of the device. */
const WEIGHT = 0.3;

/** The rates of an answer that was computed alone, tokens per second; undefined where it was too short to tell. */
export function ratesOf(usage: Usage): { readonly decode: number | undefined; readonly prefill: number | undefined } {
  const decoded = usage.completionTokens - 1;
  const read = usage.promptTokens - usage.cachedTokens;
  return {
    decode: decoded < MIN_MEASURED_TOKENS ? undefined : perSecond(decoded, usage.decodeMs),
    prefill: read < MIN_MEASURED_PROMPT ? undefined : perSecond(read, usage.prefillMs),
  };
}

/** The average after one more measurement, which counts for the share `weight`, or for more where that is very little. */
export function blend(average: number | undefined, rate: number, weight = 0): number {
  return average === undefined ? rate : average + Math.max(weight, WEIGHT) * (rate - average);
}

/** The offer, with its rates updated by one more answer. */
export function measured(offer: ModelOffer, usage: Usage): ModelOffer {
  const { decode, prefill } = ratesOf(usage);
  return {
    ...offer,
    decodeRate: decode === undefined ? offer.decodeRate : blend(offer.decodeRate, decode),
    prefillRate: prefill === undefined ? offer.prefillRate : blend(offer.prefillRate, prefill),
  };
}

function perSecond(tokens: number, ms: number): number | undefined {
  return ms > 0 ? (1000 * tokens) / ms : undefined;
}
