/** Requests for chat completions. */
import * as v from "valibot";
import { checked, refusedField } from "../check";
import {
  ReasoningEffort,
  choicesOf,
  generationOf,
  maybe,
  ownFields,
  samplingFields,
  serviceFields,
  streamOptions,
  templateFields,
  tokenCount,
} from "../fields";
import { type TextRequest, nowInSeconds, replyId } from "../text-api";
import { Messages, chatMessage } from "./messages";
import { ResponseFormat, ToolChoiceField, Tools, formatOf, toolsOf } from "../tools";

const Body = v.strictObject({
  model: v.string(),
  messages: Messages,
  ...samplingFields,
  ...templateFields,
  ...serviceFields,
  ...ownFields,
  max_completion_tokens: maybe(tokenCount),
  logprobs: maybe(v.boolean()),
  top_logprobs: maybe(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20))),
  reasoning_effort: maybe(ReasoningEffort),
  response_format: maybe(ResponseFormat),
  tools: maybe(Tools),
  tool_choice: maybe(ToolChoiceField),
  parallel_tool_calls: maybe(v.boolean()),
  modalities: maybe(v.array(v.literal("text", "Models answer in text only"))),
  stream_options: streamOptions,
});

/** The fields that all chunks of a reply repeat. */
interface ReplyFrame {
  readonly id: string;
  readonly created: number;
  readonly service_tier?: "default";
}

/** A request for chat completions that has been read. */
export interface ChatRequest extends TextRequest {
  readonly frame: ReplyFrame;
  readonly includeUsage: boolean;
}

/** Reads a request. Throws `bad-request`, which names the field. */
export function readChatRequest(params: unknown): ChatRequest {
  const body = checked(Body, params);
  if (body.stream_options != null && !body.stream) throw refusedField("stream_options", "It belongs to a stream.");
  if (body.top_logprobs != null && !body.logprobs) throw refusedField("top_logprobs", "It needs “logprobs”: true.");
  const tools = body.tools?.map((tool) => tool.function) ?? [];
  const choice = typeof body.tool_choice === "object" ? body.tool_choice?.function : body.tool_choice;
  if (choice != null && choice !== "none" && tools.length === 0)
    throw refusedField("tool_choice", "There are no “tools”.");
  if (typeof choice === "object" && !tools.some(({ name }) => name === choice?.name)) {
    throw refusedField("tool_choice", `There is no tool “${choice?.name}”.`);
  }
  const template = {
    ...body.chat_template_kwargs,
    ...(body.enable_thinking != null && { enable_thinking: body.enable_thinking }),
    ...(body.reasoning_effort != null && { reasoning_effort: body.reasoning_effort }),
  };
  const generation = {
    model: body.model,
    messages: body.messages.map(chatMessage),
    ...generationOf(body, body.max_completion_tokens),
    ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }),
    ...(Object.keys(template).length > 0 && { template }),
    ...formatOf(body.response_format),
    ...toolsOf(tools, choice ?? undefined, body.parallel_tool_calls),
  };
  return {
    answers: choicesOf(generation, body),
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    frame: {
      id: replyId("chatcmpl-"),
      created: nowInSeconds(),
      ...(body.service_tier != null && { service_tier: "default" as const }),
    },
  };
}
