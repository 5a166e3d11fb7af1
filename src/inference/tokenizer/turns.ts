/** Chats in the forms that strict chat templates take. Nothing that somebody wrote is lost. */
import type { ChatMessage } from "../types";

/** A message as templates read it. */
export interface TemplateMessage extends Pick<ChatMessage, "role" | "content"> {
  /** The model's thought before this answer. */
  readonly reasoning_content?: string;
}

/** Stands between texts that become one message. */
const BETWEEN = "\n\n";

/** The chat with turns of users and answers in alternation: empty answers are left out, and turns of one side joined. */
export function joinedTurns(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const joined: TemplateMessage[] = [];
  for (const message of messages) {
    if (message.role === "assistant" && message.content === "" && message.reasoning_content === undefined) continue;
    const last = joined.at(-1);
    if (last?.role === message.role)
      joined.splice(-1, 1, { ...last, ...message, content: last.content + BETWEEN + message.content });
    else joined.push(message);
  }
  return joined;
}

/** The chat without system messages: each goes before the question that follows it. */
export function mergedSystem(messages: readonly TemplateMessage[]): TemplateMessage[] {
  return messages.map((message) => (message.role === "system" ? { ...message, role: "user" } : message));
}
