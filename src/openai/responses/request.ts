/** Requests of the responses API. Nothing is kept between requests, so each one brings its whole conversation. */
import * as v from "valibot";
import type { ChatMessage } from "../../inference";
import { functionFields, TextFormat, formatOf, toolsOf } from "../tools";
import { checked } from "../check";
import {
  ReasoningEffort,
  checkStream,
  choicesOf,
  eventOptions,
  generationOf,
  maybe,
  ownFields,
  samplingFields,
  serviceFields,
  templateFields,
  templateOf,
  tokenCount,
  topLogprobs,
  verbosity,
} from "../fields";
import { checkGeneration } from "../refusals";
import { type TextRequest, nowInSeconds, replyId } from "../text-api";
import { Input, chatOf } from "./input";

const { n: _choices, max_tokens: _limit, stop: _stop, ...sampling } = samplingFields;
const STATELESS = "Microgrid keeps no conversations. Send the whole conversation as “input”";

const Body = v.strictObject({
  model: v.string(),
  input: Input,
  instructions: maybe(v.string()),
  ...sampling,
  ...templateFields,
  ...serviceFields,
  ...ownFields,
  max_output_tokens: maybe(tokenCount),
  top_logprobs: topLogprobs,
  include: maybe(
    v.array(
      v.picklist(["message.output_text.logprobs", "reasoning.encrypted_content"], "This cannot be included here"),
    ),
  ),
  reasoning: maybe(
    v.strictObject({
      effort: maybe(ReasoningEffort),
      summary: maybe(v.literal("auto", "Thoughts are never summarized")),
    }),
  ),
  text: maybe(v.strictObject({ format: maybe(TextFormat), verbosity })),
  tools: maybe(
    v.array(v.strictObject({ type: v.literal("function", "Only functions can be tools"), ...functionFields })),
  ),
  tool_choice: maybe(
    v.union(
      [v.picklist(["auto", "none", "required"]), v.strictObject({ type: v.literal("function"), name: v.string() })],
      "It has to be “auto”, “none”, “required”, or a function by its name",
    ),
  ),
  parallel_tool_calls: maybe(v.boolean()),
  // A limit for tools of the service itself, of which there are none.
  max_tool_calls: maybe(v.pipe(v.number(), v.integer(), v.minValue(1))),
  stream_options: eventOptions,
  truncation: maybe(v.picklist(["auto", "disabled"])),
  background: maybe(v.literal(false, "Answers are not computed in the background")),
  previous_response_id: maybe(v.never(STATELESS)),
  conversation: maybe(v.never(STATELESS)),
});

const NAMES = { text: "input", format: "text.format", effort: "reasoning.effort" } as const;

/** A request of the responses API that has been read. */
export interface ResponseRequest extends TextRequest {
  readonly id: string;
  readonly created: number;
  readonly body: v.InferOutput<typeof Body>;
}

/** Reads a request. Throws `bad-request`, which names the field. */
export function readResponseRequest(params: unknown): ResponseRequest {
  const body = checked(Body, params);
  checkStream(body);
  const tools = body.tools ?? [];
  // `auto` is the default, which replies repeat and clients send back, also where there are no tools.
  const choice = tools.length === 0 && body.tool_choice === "auto" ? undefined : body.tool_choice;
  const messages: ChatMessage[] = [
    ...(body.instructions ? [{ role: "system" as const, content: body.instructions }] : []),
    ...chatOf(body.input),
  ];
  const logprobs = body.include?.includes("message.output_text.logprobs") ?? false;
  const generation = {
    model: body.model,
    messages,
    ...generationOf({ ...body, stop: undefined, max_tokens: undefined, n: undefined }, body.max_output_tokens),
    ...((logprobs || body.top_logprobs != null) && { logprobs: body.top_logprobs ?? 0 }),
    ...templateOf(body, body.reasoning?.effort),
    // OpenAI's word for leaving out the oldest turns of a conversation that is too long.
    ...(body.truncation === "auto" && { shorten: true }),
    ...formatOf(body.text?.format),
    ...toolsOf(tools, choice, body.parallel_tool_calls),
  };
  checkGeneration(generation, NAMES);
  return {
    names: { ...NAMES, kwargs: Object.keys(body.chat_template_kwargs ?? {}) },
    id: replyId("resp_"),
    created: nowInSeconds(),
    body,
    answers: choicesOf(generation, body),
    stream: body.stream ?? false,
  };
}
