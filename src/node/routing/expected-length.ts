/** Learns how long the answers of a conversation are, so that estimates rest on more than a guess. */
import { type GenerationRequest, TYPICAL_ANSWER_TOKENS } from "../../inference";

/** Conversations remembered; the oldest are forgotten. */
const MAX_CONVERSATIONS = 200;
/** Weight of the newest answer against those before. */
const WEIGHT = 0.5;

/** Expected answer lengths, by conversation. A conversation is known by its first user message. */
export class ExpectedLengths {
  readonly #lengths = new Map<string, number>();

  /** Tokens that the answer to a request will probably have. */
  of(request: GenerationRequest): number {
    return this.#lengths.get(keyOf(request)) ?? TYPICAL_ANSWER_TOKENS;
  }

  /** Takes note of an answer's length. */
  learn(request: GenerationRequest, tokens: number): void {
    const key = keyOf(request);
    const old = this.#lengths.get(key);
    this.#lengths.delete(key);
    this.#lengths.set(key, old === undefined ? tokens : old + WEIGHT * (tokens - old));
    if (this.#lengths.size > MAX_CONVERSATIONS) {
      const [oldest] = this.#lengths.keys();
      if (oldest !== undefined) this.#lengths.delete(oldest);
    }
  }
}

function keyOf({ messages }: GenerationRequest): string {
  return messages.find(({ role }) => role === "user")?.content.slice(0, 500) ?? "";
}
