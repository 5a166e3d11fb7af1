/** Schemas of requests, answers and offers. They are the types, too, on this device as in a room and in storage. */
import * as v from "valibot";
import type { DeepReadonly } from "../core";
import {
  ToolCallIdSchema,
  ToolCallsSchema,
  ToolChoiceSchema,
  ToolFormatNameSchema,
  ToolsSchema,
} from "./tools/schemas";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.finite(), v.minValue(0));
/** Tokens per second; nothing that answers is slower than this. */
const rate = v.pipe(v.number(), v.finite(), v.minValue(0.001));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const hash = v.pipe(v.string(), v.maxLength(100));

/** Id of a token. */
export const TokenIdSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));

/** Which program executes a model. */
export const EngineNameSchema = v.picklist(["webllm", "onnx", "wllama"]);
export type EngineName = v.InferOutput<typeof EngineNameSchema>;

/** Where an engine computes. */
export const BackendSchema = v.picklist(["webgpu", "wasm"]);
export type Backend = v.InferOutput<typeof BackendSchema>;

/** How far a prompt travels. */
export const PrivacySchema = v.picklist(["device", "room", "anywhere"]);
export type PrivacyClass = v.InferOutput<typeof PrivacySchema>;

export const FinishReasonSchema = v.picklist(["stop", "length"]);
export type FinishReason = v.InferOutput<typeof FinishReasonSchema>;

const ChatMessageSchema = v.pipe(
  v.strictObject({
    role: v.picklist(["system", "user", "assistant", "tool"]),
    /** The text; of a tool, the result of a call. May be empty where an answer only calls tools. */
    content: v.string(),
    /** The model's thought before this answer, for the chat templates that ask for it. */
    reasoning: v.exactOptional(v.string()),
    /** The calls with which this answer of the assistant ends. */
    toolCalls: v.exactOptional(ToolCallsSchema),
    /** The call that this is the result of; in every message of a tool, and in no other. */
    toolCallId: v.exactOptional(ToolCallIdSchema),
  }),
  v.check(({ role, toolCalls }) => toolCalls === undefined || role === "assistant", "Only an answer calls tools"),
  v.check(
    ({ role, toolCallId }) => (toolCallId !== undefined) === (role === "tool"),
    "A message of a tool, and no other, says which call it is the result of",
  ),
);
export type ChatMessage = DeepReadonly<v.InferOutput<typeof ChatMessageSchema>>;

/** A penalty that is subtracted from logits, as in OpenAI's API; below zero it is a reward. */
const additivePenalty = v.pipe(v.number(), v.minValue(-2), v.maxValue(2));

/** How the next token is chosen. */
export const SamplingSchema = v.strictObject({
  /** 0 is greedy: the likeliest token, always. */
  temperature: v.pipe(v.number(), v.minValue(0), v.maxValue(10)),
  /** Keep the k likeliest tokens; 0 keeps all. */
  topK: v.pipe(count, v.maxValue(1_000_000)),
  /** Keep the likeliest tokens whose probabilities sum to p; 1 keeps all. */
  topP: share,
  /** Keep tokens at least this share as likely as the likeliest; 0 keeps all. */
  minP: share,
  /** Divides (multiplies, below zero) the logits of tokens seen before; 1 is off. */
  repetitionPenalty: v.pipe(v.number(), v.minValue(0.01), v.maxValue(10)),
  /** Subtracted from the logits of tokens that the answer contains already; absent or 0 is off. */
  presencePenalty: v.exactOptional(additivePenalty),
  /** Subtracted from a token's logit once for each time that the answer contains it; absent or 0 is off. */
  frequencyPenalty: v.exactOptional(additivePenalty),
});
export type Sampling = DeepReadonly<v.InferOutput<typeof SamplingSchema>>;

/** The sampling that a request asks for. For absent values, the answering model's own apply. */
const RequestedSamplingSchema = v.partial(SamplingSchema);
export type RequestedSampling = DeepReadonly<v.InferOutput<typeof RequestedSamplingSchema>>;

/** Values of a chat template's own variables. */
export const TemplateSchema = v.pipe(
  v.record(
    v.pipe(v.string(), v.maxLength(64), v.regex(/^[a-z_][a-z0-9_]*$/i)),
    v.union([v.boolean(), v.pipe(v.number(), v.finite()), v.pipe(v.string(), v.maxLength(200))]),
  ),
  v.maxEntries(16),
);

const MAX_SCHEMA_CHARS = 64 * 1024;
const MAX_PATTERN_CHARS = 4 * 1024;

/** The form that an answer must have. A thought before the answer is free. */
const AnswerFormatSchema = v.variant("type", [
  /** Any JSON object. */
  v.strictObject({ type: v.literal("json") }),
  /** JSON that fits a JSON Schema, which is given as text, since the order of its properties matters. */
  v.strictObject({ type: v.literal("schema"), schema: v.pipe(v.string(), v.maxLength(MAX_SCHEMA_CHARS)) }),
  /** A text that the whole regular expression matches. */
  v.strictObject({ type: v.literal("regex"), pattern: v.pipe(v.string(), v.maxLength(MAX_PATTERN_CHARS)) }),
  /** A text of a grammar in EBNF, in the notation of GBNF; its first rule is `root`. */
  v.strictObject({ type: v.literal("grammar"), grammar: v.pipe(v.string(), v.maxLength(MAX_SCHEMA_CHARS)) }),
]);
export type AnswerFormat = DeepReadonly<v.InferOutput<typeof AnswerFormatSchema>>;

const MAX_BIASES = 1024;
/** Added to the logit of a token before it is chosen. */
const LogitBiasSchema = v.tuple([TokenIdSchema, v.pipe(v.number(), v.minValue(-100), v.maxValue(100))]);

const LocalTimeSchema = v.pipe(
  v.string(),
  v.isoDateTimeSecond(),
  v.check((time) => !Number.isNaN(Date.parse(`${time}Z`)), "There is no such date"),
);

/** No model here reads longer texts. */
const MAX_RESUMED_IDS = 131_072;

/** The part of an answer that a consumer has already received, so that another provider can continue from there. */
export const ResumePointSchema = v.strictObject({
  packageHash: hash,
  tokenizerHash: hash,
  engine: EngineNameSchema,
  backend: BackendSchema,
  /** All token ids received. */
  ids: v.pipe(v.array(TokenIdSchema), v.maxLength(MAX_RESUMED_IDS)),
  /** How many of `ids`, from the start, are wholly contained in `text`. */
  idsInText: count,
  /** All text received, without thoughts; the continuation conditions on exactly this. */
  text: v.string(),
  /** All thoughts received. */
  reasoning: v.exactOptional(v.string()),
});
export type ResumePoint = DeepReadonly<v.InferOutput<typeof ResumePointSchema>>;

export const GenerationRequestSchema = v.strictObject({
  model: v.string(),
  messages: v.array(ChatMessageSchema),
  /** A text to go on with instead of a chat, for which `messages` is empty. Its control tokens are read as such. */
  prompt: v.exactOptional(v.string()),
  sampling: RequestedSamplingSchema,
  /** Most tokens of the whole answer, including those of `resume`. */
  maxTokens: v.pipe(count, v.maxValue(1_000_000)),
  /** Makes sampling repeatable; the random stream is indexed by the token's position in the answer. */
  seed: v.exactOptional(v.pipe(v.number(), v.integer())),
  stop: v.exactOptional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(200))), v.maxLength(16))),
  /** The form that the answer must have. A cut answer has it, too: it is closed in time. */
  format: v.exactOptional(AnswerFormatSchema),
  /** Numbers to add to the logits of tokens, by id; −100 forbids a token, 100 demands it. */
  logitBias: v.exactOptional(v.pipe(v.array(LogitBiasSchema), v.maxLength(MAX_BIASES))),
  /** How many alternatives to report for each token, as in OpenAI's API; absent reports none at all. */
  logprobs: v.exactOptional(v.pipe(count, v.maxValue(20))),
  resume: v.exactOptional(ResumePointSchema),
  /** The asker's date and time of day, such as `2026-11-30T05:39:09`, for chat templates that write the date. */
  localTime: v.exactOptional(LocalTimeSchema),
  /** Variables for the chat template, such as `enable_thinking`. A template that does not know one refuses the request. */
  template: v.exactOptional(TemplateSchema),
  /** Functions that the answer may call. Calls are part of the answer's text; `toolReader` tells them apart. */
  tools: v.exactOptional(ToolsSchema),
  /** Absent: `auto`. */
  toolChoice: v.exactOptional(ToolChoiceSchema),
  /** False: at most one call in the answer. */
  parallelToolCalls: v.exactOptional(v.boolean()),
  /** Leave out the oldest messages that do not fit the model's context; otherwise, such a request is refused. */
  shorten: v.exactOptional(v.boolean()),
});
export type GenerationRequest = DeepReadonly<v.InferOutput<typeof GenerationRequestSchema>>;

const LogprobSchema = v.strictObject({
  id: TokenIdSchema,
  text: v.pipe(v.string(), v.maxLength(1000)),
  /** The token's own bytes, which may be a part of a character. */
  bytes: v.pipe(v.instance(Uint8Array), v.maxLength(4000)),
  /** Natural logarithm of the probability before sampling filters (temperature 1). */
  logprob: v.pipe(v.number(), v.finite()),
});
export const TokenLogprobSchema = v.strictObject({
  ...LogprobSchema.entries,
  top: v.pipe(v.array(LogprobSchema), v.maxLength(20)),
});
export type TokenLogprob = DeepReadonly<v.InferOutput<typeof TokenLogprobSchema>>;

/** The work that an answer took. */
export const UsageSchema = v.strictObject({
  promptTokens: count,
  /** Tokens computed for this answer, without those of a resume point. */
  completionTokens: count,
  /** Prompt tokens whose keys and values were still in the cache. */
  cachedTokens: count,
  /** Time spent on the prompt, ms. */
  prefillMs: milliseconds,
  /** Time spent on the tokens after the first, ms. */
  decodeMs: milliseconds,
});
export type Usage = DeepReadonly<v.InferOutput<typeof UsageSchema>>;

const ChatAbilitiesSchema = v.object({
  /** False if the template has no place for a system message, which then goes before the first question. */
  system: v.boolean(),
  /** True if the template refuses two turns of one side in a row, which are then joined. */
  alternates: v.exactOptional(v.boolean()),
  /** True if answers begin with a thought unless the request says otherwise. */
  thinks: v.boolean(),
  /** How thinking is set: switched by `enable_thinking`, or measured by `reasoning_effort`. Absent: not at all. */
  thinking: v.exactOptional(v.picklist(["switch", "effort"])),
  /** True if prompts contain the thoughts of earlier answers. */
  remembers: v.boolean(),
  /** How the model writes calls of tools, for `toolReader`. Absent: not known. */
  tools: v.exactOptional(ToolFormatNameSchema),
});
export type ChatAbilities = DeepReadonly<v.InferOutput<typeof ChatAbilitiesSchema>>;

/** Most inputs of one request for embeddings, as in OpenAI's API. */
export const MAX_EMBEDDING_INPUTS = 2048;
/** Longest input, in characters or tokens: far more than any model reads. */
const MAX_INPUT_LENGTH = 2 ** 20;

/** A text that is turned into a vector. */
export const EmbeddingTextSchema = v.pipe(
  v.string(),
  v.minLength(1, "A text needs at least one character"),
  v.maxLength(MAX_INPUT_LENGTH),
);
/** Ids of tokens of the model's own vocabulary, which are read as they are. */
export const EmbeddingIdsSchema = v.pipe(v.array(TokenIdSchema), v.minLength(1), v.maxLength(MAX_INPUT_LENGTH));

/** A request to turn each of its inputs into a vector. */
export const EmbeddingRequestSchema = v.strictObject({
  model: v.string(),
  // The length first: a union takes long to refuse an entry, and a hostile request may have a hundred thousand.
  inputs: v.pipe(
    v.array(v.unknown()),
    v.minLength(1),
    v.maxLength(MAX_EMBEDDING_INPUTS),
    v.array(v.union([EmbeddingTextSchema, EmbeddingIdsSchema])),
  ),
  /** Numbers of each vector, if there shall be fewer than the model gives: its first ones, brought to length 1 again. */
  dimensions: v.exactOptional(v.pipe(count, v.minValue(1))),
});
export type EmbeddingRequest = DeepReadonly<v.InferOutput<typeof EmbeddingRequestSchema>>;

const EmbeddingAbilitiesSchema = v.strictObject({
  /** Numbers of a vector. */
  dimensions: v.pipe(count, v.minValue(1), v.maxValue(65_536)),
});

/** A model that is ready to answer, as its provider offers it. */
export const ModelOfferSchema = v.object({
  model: v.string(),
  name: v.string(),
  /** Hash of all files that decide the output; equal hashes mean the same weights. */
  packageHash: hash,
  tokenizerHash: hash,
  engine: EngineNameSchema,
  backend: BackendSchema,
  /** Tokens of prompt and answer together. */
  contextLength: count,
  /** Measured tokens per second on this device; undefined until measured. */
  prefillRate: v.optional(rate),
  decodeRate: v.optional(rate),
  /** The sampling that the model recommends. It applies unless a request says otherwise. Absent: greedy. */
  sampling: v.optional(SamplingSchema),
  /** Abilities of the model's chat template. Absent: not known. */
  chat: v.optional(ChatAbilitiesSchema),
  /** Facts about its vectors, if it turns texts into vectors. Absent: it answers chats. */
  embedding: v.exactOptional(EmbeddingAbilitiesSchema),
  /** Number of devices that compute the model together; absent: one. */
  devices: v.optional(v.pipe(count, v.maxValue(1_000))),
});
export type ModelOffer = DeepReadonly<v.InferOutput<typeof ModelOfferSchema>>;
