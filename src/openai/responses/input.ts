/** The input of the responses API: messages, calls, their results and thoughts, in the order of the conversation. */
import * as v from "valibot";
import type { ChatMessage } from "../../inference";
import { contentText } from "../content";
import { maybe } from "../fields";

const status = { id: maybe(v.string()), status: maybe(v.string()) };
const TextPart = v.strictObject({
  type: v.picklist(["input_text", "output_text", "text"]),
  text: v.string(),
  // Replies have these.
  annotations: maybe(v.pipe(v.array(v.unknown()), v.maxLength(0, "Models here do not annotate"))),
  logprobs: maybe(v.array(v.unknown())),
});
const RefusalPart = v.strictObject({ type: v.literal("refusal"), refusal: v.string() });
const Parts = v.array(
  v.variant("type", [TextPart, RefusalPart], "Models get text only: its type has to be “input_text” or “output_text”"),
);
const Thoughts = v.array(v.strictObject({ type: v.optional(v.string()), text: v.string() }));
const Content = v.union([v.string(), Parts], "It has to be a text, or a list of parts with text");

const Message = v.strictObject({
  type: v.literal("message"),
  role: v.picklist(["system", "developer", "user", "assistant"], "It has to be system, developer, user or assistant"),
  content: Content,
  phase: maybe(v.string()),
  ...status,
});
const Call = v.strictObject({
  type: v.literal("function_call"),
  call_id: v.pipe(v.string(), v.maxLength(200)),
  name: v.string(),
  arguments: v.string(),
  ...status,
});
const CallOutput = v.strictObject({
  type: v.literal("function_call_output"),
  call_id: v.string(),
  output: Content,
  ...status,
});
const Reasoning = v.strictObject({
  type: v.literal("reasoning"),
  /** Stands for the thought where that is not given. */
  summary: maybe(Thoughts),
  content: maybe(Thoughts),
  encrypted_content: maybe(v.never("Thoughts are not encrypted here")),
  ...status,
});

/** A message may leave out its type. */
const Item = v.pipe(
  v.unknown(),
  v.transform((item) =>
    typeof item === "object" && item !== null && !("type" in item) && "role" in item
      ? { type: "message", ...item }
      : item,
  ),
  v.variant(
    "type",
    [Message, Call, CallOutput, Reasoning],
    "Its type has to be “message”, “function_call”, “function_call_output” or “reasoning”",
  ),
);

/** The input of a request. */
export const Input = v.union(
  [v.string(), v.pipe(v.array(Item), v.minLength(1, "At least one message is needed"))],
  "It has to be a text, or a list of items",
);

/** The input as a chat. */
export function chatOf(input: v.InferOutput<typeof Input>): ChatMessage[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  const chat: ChatMessage[] = [];
  /** Thoughts, text and calls in a row are one turn of the model. */
  const turn = (add: (before: ChatMessage) => Partial<ChatMessage>): void => {
    const last = chat.at(-1)?.role === "assistant" ? chat.pop() : undefined;
    const before = last ?? { role: "assistant" as const, content: "" };
    chat.push({ ...before, ...add(before) });
  };
  for (const item of input) {
    if (item.type === "reasoning") {
      const thoughts = item.content?.length ? item.content : (item.summary ?? []);
      const reasoning = thoughts.map(({ text }) => text).join("");
      if (reasoning !== "") turn(() => ({ reasoning }));
    } else if (item.type === "function_call") {
      const call = { id: item.call_id, name: item.name, arguments: item.arguments };
      turn(({ toolCalls = [] }) => ({ toolCalls: [...toolCalls, call] }));
    } else if (item.type === "function_call_output") {
      chat.push({ role: "tool", content: contentText(item.output), toolCallId: item.call_id });
    } else if (item.role === "assistant") {
      const text = contentText(item.content);
      turn(({ content }) => ({ content: content + text }));
    } else chat.push({ role: item.role === "user" ? "user" : "system", content: contentText(item.content) });
  }
  return chat;
}
