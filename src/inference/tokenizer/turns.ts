/** Chats in the forms that strict chat templates take. Nothing that somebody wrote is lost. */
import { type JsonObject, genericChat } from "../tools";
import type { ChatMessage } from "../types";

/** A call of a tool in an earlier answer. */
interface TemplateCall {
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
  /** The object that it holds; undefined if it holds none. */
  readonly value: JsonObject | undefined;
}

/** A message, from which the variables of a template are made. */
export interface TemplateMessage extends Pick<ChatMessage, "role" | "content" | "toolCallId"> {
  /** The model's thought before this answer. */
  readonly reasoning_content?: string;
  readonly toolCalls?: readonly TemplateCall[];
}

type Chat = readonly TemplateMessage[];

/** Stands between texts that become one message. */
const BETWEEN = "\n\n";

/**
 * A chat as it is, and then the forms into which it can be brought for templates that refuse it, the gentlest first.
 * Where the template has no place for system messages (`system` is false), each goes before the question that follows it.
 */
export function* chatForms(messages: Chat, system: boolean): Generator<Chat> {
  const calls = messages.some(({ role, toolCalls }) => role === "tool" || toolCalls !== undefined);
  for (const chat of calls ? [messages, singleCalls(messages), genericChat(messages, [])] : [messages]) {
    if (system) {
      yield chat;
      yield joinedTurns(chat);
    }
    yield joinedTurns(mergedSystem(chat));
  }
}

/** The chat with turns of users and answers in alternation: empty answers are left out, and turns of one side joined. */
function joinedTurns(messages: Chat): Chat {
  const joined: TemplateMessage[] = [];
  for (const message of messages) {
    const { role, content, reasoning_content: thought, toolCalls } = message;
    if (role === "assistant" && content === "" && thought === undefined && toolCalls === undefined) continue;
    const last = joined.at(-1);
    if (last?.role === role && role !== "tool" && last.toolCalls === undefined)
      joined.splice(-1, 1, { ...last, ...message, content: [last.content, content].filter(Boolean).join(BETWEEN) });
    else joined.push(message);
  }
  return joined;
}

/** The chat without system messages: each goes before the question that follows it. */
function mergedSystem(messages: Chat): Chat {
  return messages.map((message) => (message.role === "system" ? { ...message, role: "user" } : message));
}

/** The chat with each call in an answer of its own, followed by its result: some templates write one call at a time. */
function singleCalls(messages: Chat): Chat {
  const single: TemplateMessage[] = [];
  for (const [index, message] of messages.entries()) {
    const { toolCalls = [], ...rest } = message;
    if (message.role === "tool" && single.includes(message)) continue;
    if (toolCalls.length < 2) {
      single.push(message);
      continue;
    }
    const later = messages.slice(index + 1);
    const end = later.findIndex(({ role }) => role !== "tool");
    const results = later.slice(0, end < 0 ? later.length : end);
    for (const [place, call] of toolCalls.entries()) {
      single.push({ ...(place === 0 ? rest : { role: "assistant", content: "" }), toolCalls: [call] });
      single.push(...results.filter(({ toolCallId }) => toolCallId === call.id));
    }
  }
  return single;
}
