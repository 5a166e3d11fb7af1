/**
 * Versions of messages: an answer that was made again, a question that was edited. A conversation shows one of each; the
 * others, with all that followed them, are its asides.
 */
import type { Conversation, StoredMessage } from "./schema";

/** One version among those of a message, counted from 0. */
export interface MessageVersion {
  readonly index: number;
  readonly count: number;
}

/** Where a shown message stands among its versions, from the oldest to the newest. */
export function versionOf(conversation: Conversation, id: string): MessageVersion {
  const all = siblings(conversation, id);
  return { index: all.findIndex((message) => message.id === id), count: all.length };
}

/** Sets a message aside with all that follow it, so that another version can take its place. */
export function setAside(conversation: Conversation, id: string): Conversation {
  const { messages, asides = [] } = conversation;
  const at = messages.findIndex((message) => message.id === id);
  if (at < 0) return conversation;
  const tail = messages.slice(at).map((message, index) => ({ ...message, after: messages[at + index - 1]?.id ?? "" }));
  // An answer without a word is no version that anybody would return to.
  const kept = tail.filter(({ role, content }) => role === "user" || content !== "");
  return { ...conversation, messages: messages.slice(0, at), asides: [...asides, ...kept] };
}

/**
 * Shows the version that is `step` newer than a shown message (older if negative), with all that followed it. If
 * several things followed, shows the newest.
 */
export function showVersion(conversation: Conversation, id: string, step: number): Conversation {
  const all = siblings(conversation, id);
  const wanted = all[all.findIndex((message) => message.id === id) + step];
  if (!wanted) return conversation;
  const { messages, asides = [], ...rest } = setAside(conversation, id);
  const shown = [...messages];
  const aside = new Map(asides.map((message) => [message.id, message]));
  for (let next: StoredMessage | undefined = wanted; next; next = newestAfter(next.id, [...aside.values()])) {
    aside.delete(next.id);
    shown.push(plainMessage(next));
  }
  return { ...rest, messages: shown, asides: [...aside.values()] };
}

/** All versions of a shown message, the oldest first. */
function siblings({ messages, asides = [] }: Conversation, id: string): readonly StoredMessage[] {
  const at = messages.findIndex((message) => message.id === id);
  const shown = messages[at];
  if (!shown) return [];
  const before = messages[at - 1]?.id ?? "";
  const others = asides.filter(({ after, role }) => after === before && role === shown.role);
  return [shown, ...others].toSorted((a, b) => a.createdAt - b.createdAt);
}

function newestAfter(
  id: string,
  asides: readonly (StoredMessage & { readonly after?: string })[],
): StoredMessage | undefined {
  return asides.filter(({ after }) => after === id).toSorted((a, b) => b.createdAt - a.createdAt)[0];
}

function plainMessage({ after: _after, ...message }: StoredMessage & { readonly after?: string }): StoredMessage {
  return message;
}
