/** Learns how long the answers of a conversation are, so that estimates need not guess. */
import { putNewest } from "../../core";
import { type GenerationRequest, TYPICAL_ANSWER_TOKENS } from "../../inference";

/** Number of conversations that are remembered; the oldest are forgotten. */
const MAX_CONVERSATIONS = 200;
/** Weight of the newest answer against earlier ones. */
const WEIGHT = 0.5;
/** Characters of the text that tells a conversation from others. */
const KEY_CHARS = 500;

/** Expected answer lengths by conversation. A conversation is identified by its first user message, a text by its beginning. */
export class ExpectedLengths {
  readonly #lengths = new Map<string, number>();

  /** The expected number of tokens of the answer to a request. */
  of(request: GenerationRequest): number {
    return this.#lengths.get(keyOf(request)) ?? TYPICAL_ANSWER_TOKENS;
  }

  /** Records an answer's length. */
  learn(request: GenerationRequest, tokens: number): void {
    const key = keyOf(request);
    const old = this.#lengths.get(key);
    const length = old === undefined ? tokens : old + WEIGHT * (tokens - old);
    putNewest(this.#lengths, key, length, MAX_CONVERSATIONS);
  }
}

function keyOf({ messages, prompt }: GenerationRequest): string {
  const first = prompt ?? messages.find(({ role }) => role === "user")?.content ?? "";
  return first.slice(0, KEY_CHARS);
}
