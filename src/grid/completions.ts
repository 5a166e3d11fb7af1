/** Chat completions in OpenAI's shapes, built on the grid's answers. */
import type { ChatCompletionChunk, ChatCompletionTokenLogprob } from "openai/resources/chat/completions";
import * as v from "valibot";
import { MicrogridError, randomId } from "../core";
import {
  type ChatMessage,
  type GenerationRequest,
  SamplingSchema,
  TemplateSchema,
  type TokenLogprob,
  type Usage,
} from "../inference";
import type { ChatCompletions, MicrogridChunk, MicrogridCompletion, MicrogridParams, ReasoningDelta } from "./contract";
import { type AnswerEvent, type AnswerRequest, PolicySchema } from "../node";

/** Maximum length of an answer if the request does not set one. */
const DEFAULT_MAX_TOKENS = 1024;

const TextPart = v.strictObject({
  type: v.literal("text", "Only parts of type “text” are supported"),
  text: v.string(),
});
const Message = v.strictObject({
  role: v.picklist(["system", "developer", "user", "assistant"], "It has to be system, developer, user or assistant"),
  reasoning_content: v.nullish(v.string()),
  content: v.union([v.string(), v.array(TextPart)], "It has to be a text, or a list of parts of type “text”"),
});
const nullable = <S extends v.GenericSchema>(schema: S) => v.nullish(schema);
const { topP, topK, minP, repetitionPenalty } = SamplingSchema.entries;
const tokenCount = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));
const stopString = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const Body = v.strictObject({
  model: v.string(),
  messages: v.pipe(v.array(Message), v.minLength(1, "At least one message is needed")),
  temperature: nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  top_p: nullable(topP),
  top_k: nullable(topK),
  min_p: nullable(minP),
  repetition_penalty: nullable(repetitionPenalty),
  max_tokens: nullable(tokenCount),
  max_completion_tokens: nullable(tokenCount),
  seed: nullable(v.pipe(v.number(), v.integer())),
  stop: nullable(v.union([stopString, v.pipe(v.array(stopString), v.maxLength(16))])),
  logprobs: nullable(v.boolean()),
  top_logprobs: nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20))),
  n: nullable(v.literal(1)),
  enable_thinking: nullable(v.boolean()),
  reasoning_effort: nullable(v.picklist(["none", "minimal", "low", "medium", "high", "xhigh"])),
  chat_template_kwargs: nullable(TemplateSchema),
  // Refused with a message rather than silently ignored. Values that change nothing are accepted.
  frequency_penalty: nullable(v.literal(0, "Penalties are not supported yet, except repetition_penalty")),
  presence_penalty: nullable(v.literal(0, "Penalties are not supported yet, except repetition_penalty")),
  logit_bias: nullable(v.pipe(v.record(v.string(), v.number()), v.maxEntries(0, "It is not supported yet"))),
  tools: nullable(v.pipe(v.array(v.unknown()), v.maxLength(0, "Tools are not supported yet"))),
  response_format: nullable(v.strictObject({ type: v.literal("text", "Only text is supported yet") })),
  stream: nullable(v.boolean()),
  stream_options: nullable(v.strictObject({ include_usage: v.optional(v.boolean()) })),
  microgrid: v.optional(
    v.strictObject({
      policy: v.optional(v.partial(v.strictObject(PolicySchema.entries))),
      provider: v.optional(v.string()),
    }),
  ),
});

type Answer = (request: AnswerRequest, options: { signal?: AbortSignal }) => AsyncIterable<AnswerEvent>;

/** The `chat.completions` of a grid. */
export function chatCompletions(answer: Answer): ChatCompletions {
  // One implementation for the overloads of the contract.
  async function create(
    params: MicrogridParams,
    options: { signal?: AbortSignal } = {},
  ): Promise<MicrogridCompletion | AsyncIterable<MicrogridChunk>> {
    const result = v.safeParse(Body, params);
    if (!result.success) throw badRequest(result.issues);
    const body = result.output;
    const events = answer(answerRequest(body), options);
    const frame = { id: `chatcmpl-${randomId(12)}`, created: Math.floor(Date.now() / 1000), model: body.model };
    return body.stream ? chunks(events, frame, body.stream_options?.include_usage ?? false) : whole(events, frame);
  }
  return { create } as ChatCompletions;
}

type ParsedBody = v.InferOutput<typeof Body>;

function answerRequest(body: ParsedBody): AnswerRequest {
  const stop = typeof body.stop === "string" ? [body.stop] : body.stop;
  const template = {
    ...body.chat_template_kwargs,
    ...(body.enable_thinking != null && { enable_thinking: body.enable_thinking }),
    ...(body.reasoning_effort != null && { reasoning_effort: body.reasoning_effort }),
  };
  const generation: GenerationRequest = {
    model: body.model,
    messages: body.messages.map(chatMessage),
    sampling: {
      ...(body.temperature != null && { temperature: body.temperature }),
      ...(body.top_p != null && { topP: body.top_p }),
      ...(body.top_k != null && { topK: body.top_k }),
      ...(body.min_p != null && { minP: body.min_p }),
      ...(body.repetition_penalty != null && { repetitionPenalty: body.repetition_penalty }),
    },
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? DEFAULT_MAX_TOKENS,
    ...(body.seed != null && { seed: body.seed }),
    ...(stop && { stop }),
    ...(body.logprobs && { logprobs: body.top_logprobs ?? 0 }),
    ...(Object.keys(template).length > 0 && { template }),
  };
  const { policy, provider } = body.microgrid ?? {};
  return { generation, ...(policy && { policy: defined(policy) }), ...(provider && { provider }) };
}

function chatMessage({ role, content, reasoning_content }: v.InferOutput<typeof Message>): ChatMessage {
  return {
    role: role === "developer" ? "system" : role,
    content: typeof content === "string" ? content : content.map(({ text }) => text).join(""),
    ...(role === "assistant" && reasoning_content != null && { reasoning: reasoning_content }),
  };
}

interface Frame {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

async function* chunks(
  events: AsyncIterable<AnswerEvent>,
  asked: Frame,
  withUsage: boolean,
): AsyncGenerator<MicrogridChunk> {
  const chunk = (delta: ReasoningDelta, more: Partial<ChatCompletionChunk.Choice> = {}): MicrogridChunk => ({
    ...frame,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  });
  let frame = asked;
  let begun = false;
  let thoughts = 0;
  for await (const event of events) {
    if (event.type === "route") {
      // The model that answers: the request may have asked for any.
      frame = { ...asked, model: event.route.offer.model };
      if (!begun) yield chunk({ role: "assistant", content: "" });
      begun = true;
    } else if (event.type === "reasoning") {
      thoughts += event.ids.length;
      if (event.text !== "") yield chunk({ reasoning_content: event.text });
    } else if (event.type === "token") {
      const logprobs = event.logprobs && { content: event.logprobs.map(tokenLogprob), refusal: null };
      yield chunk({ content: event.text }, logprobs ? { logprobs } : {});
    } else if (event.type === "done") {
      yield { ...chunk({}, { finish_reason: event.finishReason }), microgrid: event.summary };
      if (withUsage) {
        yield {
          ...frame,
          object: "chat.completion.chunk",
          choices: [],
          usage: usageOf(event.usage, thoughts),
          microgrid: event.summary,
        };
      }
    }
  }
}

async function whole(events: AsyncIterable<AnswerEvent>, asked: Frame): Promise<MicrogridCompletion> {
  let content = "";
  let reasoning = "";
  let thoughts = 0;
  let frame = asked;
  const logprobs: ChatCompletionTokenLogprob[] = [];
  for await (const event of events) {
    if (event.type === "route") frame = { ...asked, model: event.route.offer.model };
    else if (event.type === "reasoning") {
      reasoning += event.text;
      thoughts += event.ids.length;
    } else if (event.type === "token") {
      content += event.text;
      logprobs.push(...(event.logprobs ?? []).map(tokenLogprob));
    } else if (event.type === "done") {
      const choice = {
        index: 0,
        message: {
          role: "assistant" as const,
          content,
          refusal: null,
          ...(reasoning !== "" && { reasoning_content: reasoning }),
        },
        finish_reason: event.finishReason,
        logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
      };
      return {
        ...frame,
        object: "chat.completion",
        choices: [choice],
        usage: usageOf(event.usage, thoughts),
        microgrid: event.summary,
      };
    }
  }
  throw new MicrogridError("internal", "The answer ended unexpectedly.");
}

function tokenLogprob({ top, ...own }: TokenLogprob): ChatCompletionTokenLogprob {
  const entry = ({ text, bytes, logprob }: Omit<TokenLogprob, "top">) => ({ token: text, logprob, bytes: [...bytes] });
  return { ...entry(own), top_logprobs: top.map(entry) };
}

/** `thoughts` is the number of tokens that the model thought. */
function usageOf({ promptTokens, completionTokens, cachedTokens }: Usage, thoughts: number) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: thoughts },
  };
}

/** Drops undefined fields, because exact optional types do not accept `undefined`. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function badRequest(issues: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): MicrogridError {
  const [first] = issues;
  const where = v.getDotPath(first);
  return new MicrogridError("bad-request", sentence(first, where === null ? "" : `“${where}”`), { cause: issues });
}

/** Says what is wrong with the field that `name` quotes; it is empty for the request as a whole. */
function sentence({ type, expected, received, message }: v.BaseIssue<unknown>, name: string): string {
  if (type === "strict_object" && expected === "never") return `${name} is not a field that Microgrid knows here.`;
  if (name === "") return "The request has to be an object with “model” and “messages”.";
  if (received === "undefined") return `${name} is missing from the request.`;
  // The library's own messages name types; ours are sentences.
  const own = message.startsWith("Invalid ") ? `It has to be ${expected}, and it is ${received}` : message;
  return `${name} cannot be used. ${own}.`;
}
