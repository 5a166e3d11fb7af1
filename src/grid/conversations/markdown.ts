/** Writes a conversation as Markdown, for people to read and keep. */
import type { Conversation } from "./schema";
import { shownParts } from "./shown";

/** The title, then each shown message under the name of its author. */
export function toMarkdown({ title, messages }: Conversation): string {
  const shown = messages.map((message) => ({ ...message, content: shownParts(message).content }));
  const spoken = shown.filter(({ content }) => content !== "");
  const parts = spoken.map(({ role, content, answer }) => {
    const author = role === "user" ? "You" : answer?.model ? `Answer (${answer.model})` : "Answer";
    return `## ${author}\n\n${content.trim()}`;
  });
  return `${[`# ${title}`, ...parts].join("\n\n")}\n`;
}
