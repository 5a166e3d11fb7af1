/** Merges imported conversations with existing ones, so that nothing is lost and nothing is duplicated. */
import { sha256, toHex, utf8 } from "../../core";
import type { Conversation, StoredMessage } from "./schema";

/** The id of an imported conversation, and what must be stored for it. */
interface Arrival {
  readonly id: string;
  /** Undefined if all of it exists already. */
  readonly store: Conversation | undefined;
}

/**
 * A conversation that already contains everything in the file stays unchanged. One that was continued in the file is continued
 * here too. One that was continued differently in both places is added as a second conversation. Its id is derived from its
 * content, so importing the same file again does not add another one.
 */
export async function arrival(brought: Conversation, here: (id: string) => Conversation | undefined): Promise<Arrival> {
  const stored = here(brought.id);
  if (!stored) return { id: brought.id, store: brought };
  if (goesOnFrom(stored, brought)) return { id: brought.id, store: withAsidesOf(stored, brought) };
  if (goesOnFrom(brought, stored)) return { id: brought.id, store: withAsidesOf(brought, stored) ?? brought };
  const id = toHex(await sha256(utf8(JSON.stringify(brought)))).slice(0, 32);
  return { id, store: here(id) ? undefined : { ...brought, id } };
}

/** Whether one history begins with all messages of the other. */
function goesOnFrom({ messages: later }: Conversation, { messages: earlier }: Conversation): boolean {
  return earlier.every((message, index) => covers(later[index], message));
}

/** Whether a message is the other one or a later state of it: an unfinished answer may have been finished since. */
function covers(later: StoredMessage | undefined, earlier: StoredMessage): boolean {
  if (later?.id !== earlier.id || later.role !== earlier.role) return false;
  const finished = earlier.status === "complete";
  return finished ? later.content === earlier.content : later.content.startsWith(earlier.content);
}

/** The conversation with the other one's asides too; undefined if it has them already. */
function withAsidesOf(conversation: Conversation, { asides: others = [] }: Conversation): Conversation | undefined {
  const { messages, asides = [] } = conversation;
  const known = new Set([...messages, ...asides].map(({ id }) => id));
  const missing = others.filter(({ id }) => !known.has(id));
  return missing.length === 0 ? undefined : { ...conversation, asides: [...asides, ...missing] };
}
