/** Requests for chat completions. */
import * as v from "valibot";
import { checked, refusedField } from "../check";
import {
  ReasoningEffort,
  checkStream,
  choicesOf,
  generationOf,
  maybe,
  ownFields,
  samplingFields,
  serviceFields,
  streamOptions,
  templateFields,
  templateOf,
  tokenCount,
  topLogprobs,
  verbosity,
} from "../fields";
import { checkGeneration } from "../refusals";
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
  top_logprobs: topLogprobs,
  reasoning_effort: maybe(ReasoningEffort),
  response_format: maybe(ResponseFormat),
  tools: maybe(Tools),
  tool_choice: maybe(ToolChoiceField),
  parallel_tool_calls: maybe(v.boolean()),
  modalities: maybe(v.array(v.literal("text", "Models answer in text only"))),
  stream_options: streamOptions,
  verbosity,
});

const NAMES = { text: "messages", format: "response_format", effort: "reasoning_effort" } as const;

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
  checkStream(body);
  if (body.top_logprobs != null && !body.logprobs) throw refusedField("top_logprobs", "It needs “logprobs”: true.");
  const tools = body.tools?.map((tool) => tool.function) ?? [];
  const choice = typeof body.tool_choice === "object" ? body.tool_choice?.function : body.tool_choice;
  const generation = {
    model: body.model,
    messages: body.messages.map(chatMessage),
    ...generationOf(body, body.max_completion_tokens),
    ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }),
    ...templateOf(body, body.reasoning_effort),
    ...formatOf(body.response_format),
    ...toolsOf(tools, choice, body.parallel_tool_calls),
  };
  checkGeneration(generation, NAMES);
  return {
    names: { ...NAMES, kwargs: Object.keys(body.chat_template_kwargs ?? {}) },
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
