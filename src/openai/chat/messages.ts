/** Messages of a chat, as clients and agents send them. */
import * as v from "valibot";
import type { ChatMessage } from "../../inference";
import { contentText } from "../content";
import { label, maybe } from "../fields";

/** Kinds of parts that clients send and no model here can read. */
const UNREADABLE = ["image_url", "input_audio", "file", "input_image", "input_file"] as const;

const TextPart = v.strictObject({ type: v.literal("text"), text: v.string() });
const RefusalPart = v.strictObject({ type: v.literal("refusal"), refusal: v.string() });
const UnreadablePart = v.pipe(
  v.looseObject({ type: v.picklist(UNREADABLE) }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    addIssue({ message: `A part of type “${dataset.value.type}” cannot be read here: models get text only` });
    return NEVER;
  }),
);
const KINDS = "It has to be a text, or a list of parts of type “text”";
const Content = v.union([v.string(), v.array(v.variant("type", [TextPart, UnreadablePart], KINDS))], KINDS);
const AnswerContent = v.union(
  [v.string(), v.array(v.variant("type", [TextPart, RefusalPart, UnreadablePart], KINDS))],
  KINDS,
);

/** Fields that OpenAI's clients send back with a message because they got them with it. Only their empty values are known. */
const echoes = {
  refusal: maybe(v.string()),
  audio: maybe(v.never("Models answer in text only")),
  function_call: maybe(v.never("Use “tool_calls”, which has taken its place")),
  annotations: maybe(v.pipe(v.array(v.unknown()), v.maxLength(0, "Models here do not annotate"))),
};

const ToolCall = v.strictObject({
  id: v.pipe(v.string(), v.maxLength(200)),
  type: v.optional(v.literal("function", "Only functions can be called"), "function"),
  function: v.strictObject({ name: v.string(), arguments: v.string() }),
  index: maybe(v.number()),
});

/** The name of whoever says something. Chat templates have no place for it. */
const name = maybe(label);

const Instruction = v.strictObject({ role: v.picklist(["system", "developer"]), content: Content, name });
const Question = v.strictObject({ role: v.literal("user"), content: Content, name });
const Answer = v.strictObject({
  role: v.literal("assistant"),
  content: maybe(AnswerContent),
  reasoning_content: maybe(v.string()),
  tool_calls: maybe(v.array(ToolCall)),
  name,
  ...echoes,
});
const ToolResult = v.strictObject({
  role: v.literal("tool"),
  content: Content,
  tool_call_id: v.string(),
  name,
});

/** The messages of a chat. */
export const Messages = v.pipe(
  v.array(
    v.variant(
      "role",
      [Instruction, Question, Answer, ToolResult],
      "It has to be system, developer, user, assistant or tool",
    ),
  ),
  v.minLength(1, "At least one message is needed"),
);

/** A message as the engines read it. */
export function chatMessage(message: v.InferOutput<typeof Messages>[number]): ChatMessage {
  if (message.role === "tool") {
    return { role: "tool", content: contentText(message.content), toolCallId: message.tool_call_id };
  }
  if (message.role !== "assistant") {
    return { role: message.role === "user" ? "user" : "system", content: contentText(message.content) };
  }
  const { content, reasoning_content: reasoning, tool_calls: calls, refusal } = message;
  return {
    role: "assistant",
    // A refusal is the model's answer, too.
    content: contentText(content ?? refusal ?? ""),
    ...(reasoning != null && reasoning !== "" && { reasoning }),
    ...(calls && calls.length > 0 && { toolCalls: calls.map(({ id, function: call }) => ({ id, ...call })) }),
  };
}
