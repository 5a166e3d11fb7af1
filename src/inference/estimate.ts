/** How long an answer will take: the one formula that all providers share. */
import type { EmbeddingRequest, Estimate, ModelOffer, PrivacyClass, WorkRequest } from "./types";

/** Tokens of an answer whose length nobody knows yet. */
export const TYPICAL_ANSWER_TOKENS = 200;
/** Rates of a device that has not measured itself yet, tokens per second: slow, so that the measured win. */
const UNMEASURED_PREFILL_RATE = 50;
const UNMEASURED_DECODE_RATE = 5;
/** Characters of text per token, typical of byte-level BPE on European languages; only estimates rest on it. */
const CHARS_PER_TOKEN = 4;

/** The facts about a provider that an estimate is computed from. */
interface ProviderFacts {
  readonly offer: ModelOffer;
  /** Number of answers that run or wait at the provider. */
  readonly backlog: number;
  /** Round trip to it in ms; 0 for this device. */
  readonly rttMs: number;
  readonly privacy: PrivacyClass;
}

/** True for a request for vectors, false for one for an answer. */
export function wantsVectors(request: WorkRequest): request is EmbeddingRequest {
  return "inputs" in request;
}

/**
 * Earliest estimated finish: every answer ahead costs a typical answer's time, then the prompt is read, then the
 * first token comes back. Engines serve several answers in turns, which finishes no earlier on the whole.
 */
export function estimateWork(request: WorkRequest, facts: ProviderFacts): Estimate {
  const { offer, backlog, rttMs, privacy } = facts;
  if (wantsVectors(request)) {
    const readMs = (1000 * promptTokens(request)) / (offer.prefillRate ?? UNMEASURED_PREFILL_RATE);
    // The work ahead is most likely more of the same.
    return { firstTokenMs: rttMs + (backlog + 1) * readMs, msPerToken: 0, price: 0, privacy };
  }
  const msPerToken = 1000 / (offer.decodeRate ?? UNMEASURED_DECODE_RATE);
  const prefillMs =
    (1000 * Math.min(promptTokens(request), offer.contextLength)) / (offer.prefillRate ?? UNMEASURED_PREFILL_RATE);
  const backlogMs = backlog * TYPICAL_ANSWER_TOKENS * msPerToken;
  return { firstTokenMs: rttMs + backlogMs + prefillMs + msPerToken, msPerToken, price: 0, privacy };
}

/** A rough count of the tokens that have to be read before the answer goes on, or for the vectors. */
function promptTokens(request: WorkRequest): number {
  if (wantsVectors(request)) {
    const lengths = request.inputs.map((input) =>
      typeof input === "string" ? Math.ceil(input.length / CHARS_PER_TOKEN) : input.length,
    );
    return lengths.reduce((sum, length) => sum + length, 0);
  }
  const { messages, prompt = "", resume } = request;
  const chars = messages.reduce((sum, message) => sum + message.content.length, prompt.length);
  return Math.ceil((chars + (resume?.text.length ?? 0)) / CHARS_PER_TOKEN);
}
