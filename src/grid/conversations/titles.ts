/** Makes titles of conversations, and searches conversations by their text. */
import type { Conversation, ConversationSummary } from "./schema";

/** Longest title made from a message, in characters. */
const MAX_TITLE_CHARS = 60;
/** Characters shown on either side of a match. */
const EXCERPT_CHARS = 36;

/** Makes a title from the first message: its first line without Markdown marks, cut at a word. */
export function titleFrom(message: string): string {
  const line = message
    .split("\n")
    .map((part) =>
      part
        .replace(/^[#>*\-\s`]+/, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .find((part) => part !== "");
  if (!line) return "New chat";
  const characters = Array.from(line);
  if (characters.length <= MAX_TITLE_CHARS) return line;
  const cut = characters.slice(0, MAX_TITLE_CHARS - 1).join("");
  const word = cut.lastIndexOf(" ");
  return `${(word > MAX_TITLE_CHARS / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}

/** Returns the summaries of the conversations that contain every word of `query`, newest first. */
export function searchConversations(conversations: readonly Conversation[], query: string): ConversationSummary[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: ConversationSummary[] = [];
  for (const conversation of conversations) {
    const { id, title, updatedAt } = conversation;
    const texts = [title, ...conversation.messages.map((message) => message.content)];
    const lowered = texts.map((text) => text.toLowerCase());
    if (!words.every((word) => lowered.some((text) => text.includes(word)))) continue;
    const first = words[0];
    const inMessages = first === undefined ? 0 : lowered.findIndex((text, index) => index > 0 && text.includes(first));
    const excerpt = first !== undefined && inMessages > 0 ? excerptOf(texts[inMessages] ?? "", first) : undefined;
    found.push(excerpt === undefined ? { id, title, updatedAt } : { id, title, updatedAt, excerpt });
  }
  return found.sort((a, b) => b.updatedAt - a.updatedAt);
}

function excerptOf(text: string, word: string): string {
  const flat = text.replace(/\s+/g, " ");
  const at = Math.max(0, flat.toLowerCase().indexOf(word));
  const start = Math.max(0, at - EXCERPT_CHARS);
  const end = Math.min(flat.length, at + word.length + EXCERPT_CHARS);
  return `${start > 0 ? "…" : ""}${flat.slice(start, end).trim()}${end < flat.length ? "…" : ""}`;
}
