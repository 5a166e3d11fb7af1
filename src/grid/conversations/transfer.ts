/** Exports conversations to a JSON file, and imports them. */
import * as v from "valibot";
import { MicrogridError } from "../../core";
import { exportSchema, type Conversation, type ConversationExport, type StoredMessage } from "./schema";

/** Largest file that is read, in characters; a larger file is not a Microgrid export. */
const MAX_IMPORT_CHARS = 64 * 1024 * 1024;

/** Makes the text of an export file. */
export function toJson(conversations: readonly Conversation[]): string {
  const file: ConversationExport = {
    format: "microgrid-conversations",
    version: 1,
    exportedAt: new Date().toISOString(),
    conversations,
  };
  return JSON.stringify(file, undefined, 2);
}

/**
 * Reads an export file. Unfinished answers become interrupted ones.
 *
 * Throws `bad-request` with a message that names the first problem.
 */
export function fromJson(text: string): Conversation[] {
  if (text.length > MAX_IMPORT_CHARS) {
    throw new MicrogridError(
      "bad-request",
      "This file is too large to be an export of conversations. Nothing was imported.",
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MicrogridError(
      "bad-request",
      "This file is not JSON, so nothing was imported. Choose a file that Microgrid exported.",
      { cause },
    );
  }
  const version = v.safeParse(v.object({ format: v.literal("microgrid-conversations"), version: v.number() }), value);
  if (!version.success) {
    throw new MicrogridError(
      "bad-request",
      "This JSON was not exported by Microgrid, so nothing was imported. Choose a file made with “Export”.",
    );
  }
  if (version.output.version !== 1) {
    throw new MicrogridError(
      "bad-request",
      `This file has version ${version.output.version}, and this Microgrid reads version 1. Update Microgrid and try again.`,
    );
  }
  const parsed = v.safeParse(exportSchema, value, { abortEarly: true });
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new MicrogridError(
      "bad-request",
      `This export is damaged at “${v.getDotPath(issue) ?? "the top"}”, so nothing was imported: ${issue.message}`,
    );
  }
  return parsed.output.conversations.map((conversation) => ({
    ...conversation,
    messages: conversation.messages.map(ended),
    ...(conversation.asides && { asides: conversation.asides.map(ended) }),
  }));
}

/** Nobody goes on writing an answer that was imported. */
function ended<M extends StoredMessage>(message: M): M {
  return message.status === "streaming" ? { ...message, status: "interrupted" } : message;
}
