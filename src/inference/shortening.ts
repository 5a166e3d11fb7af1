/** Leaves out the oldest messages of a chat that is longer than its reader allows. */
import type { ChatMessage } from "./types";

/** A chat without its oldest messages. */
export interface ShortenedChat {
  readonly messages: readonly ChatMessage[];
  /** Number of messages that were left out. */
  readonly left: number;
}

/**
 * The newest messages whose sizes add up to at most `budget`. The system prompt and the last question always stay, with the
 * calls and results that follow it. The first message after the system prompt is a question, since chat templates refuse an
 * answer without one.
 */
export function newestWithin(
  messages: readonly ChatMessage[],
  budget: number,
  sizeOf: (message: ChatMessage) => number,
): ShortenedChat {
  const { system, turns } = split(messages);
  let at = lastQuestion(turns);
  let size = [...system, ...turns.slice(at)].reduce((sum, message) => sum + sizeOf(message), 0);
  while (at > 0) {
    size += sizeOf(turns[at - 1]!);
    if (size > budget) break;
    at--;
  }
  return at <= 0 ? { messages, left: 0 } : withoutOldest(messages, at);
}

/** The chat without its oldest `count` messages, and without answers that would then come first. */
export function withoutOldest(messages: readonly ChatMessage[], count: number): ShortenedChat {
  const { system, turns } = split(messages);
  const question = turns.findIndex(({ role }, index) => index >= count && role === "user");
  const first = question < 0 ? lastQuestion(turns) : question;
  return { messages: [...system, ...turns.slice(first)], left: first };
}

/** The number of messages after the system prompt. */
export function turnCount(messages: readonly ChatMessage[]): number {
  return split(messages).turns.length;
}

/** Where the last question is among messages without a system prompt; the last message if there is no question. */
function lastQuestion(turns: readonly ChatMessage[]): number {
  const at = turns.findLastIndex(({ role }) => role === "user");
  return Math.max(at < 0 ? turns.length - 1 : at, 0);
}

function split(messages: readonly ChatMessage[]): {
  system: readonly ChatMessage[];
  turns: readonly ChatMessage[];
} {
  const own = messages[0]?.role === "system" ? 1 : 0;
  return { system: messages.slice(0, own), turns: messages.slice(own) };
}
