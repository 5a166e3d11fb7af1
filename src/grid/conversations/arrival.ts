/** How conversations of a file come in beside those that are here already: nothing is lost, and nothing comes twice. */
import { sha256, toHex, utf8 } from "../../core";
import type { Conversation, StoredMessage } from "./schema";

/** Where a conversation of a file is to be found afterwards, and what must be stored for that. */
export interface Arrival {
  readonly id: string;
  /** Undefined where all of it is here. */
  readonly store: Conversation | undefined;
}

/**
 * A conversation that is here, or goes on from what the file has, stays as it is. One that goes on in the file goes on
 * here too. One that went on differently in both places comes in as a second one, under an id that follows from what is
 * in it, so that the same file brings it once only.
 */
export async function arrival(brought: Conversation, here: (id: string) => Conversation | undefined): Promise<Arrival> {
  const stored = here(brought.id);
  if (!stored) return { id: brought.id, store: brought };
  if (goesOnFrom(stored, brought)) return { id: brought.id, store: undefined };
  if (goesOnFrom(brought, stored)) return { id: brought.id, store: brought };
  const id = toHex(await sha256(utf8(JSON.stringify(brought)))).slice(0, 32);
  return { id, store: here(id) ? undefined : { ...brought, id } };
}

/** Whether the one begins with all messages of the other. */
function goesOnFrom({ messages: later }: Conversation, { messages: earlier }: Conversation): boolean {
  return earlier.every((message, index) => covers(later[index], message));
}

/** Whether the one message is the other, or what became of it: an answer that was not finished then may be now. */
function covers(later: StoredMessage | undefined, earlier: StoredMessage): boolean {
  if (later?.id !== earlier.id || later.role !== earlier.role) return false;
  const finished = earlier.status === "complete";
  return finished ? later.content === earlier.content : later.content.startsWith(earlier.content);
}
