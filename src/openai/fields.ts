/** The fields that several kinds of requests have in common, and their meaning for an answer. */
import * as v from "valibot";
import { type GenerationRequest, type RequestedSampling, SamplingSchema, TemplateSchema } from "../inference";
import { type AnswerRequest, PolicySchema } from "../node";
import { refusedField } from "./check";

/** Maximum length of an answer if the request does not set one. */
const DEFAULT_MAX_TOKENS = 1024;
/** Most answers to one request. */
const MAX_CHOICES = 8;
const MAX_LABELS = 16;

/** A field that clients also send as `null` when they do not use it. */
export function maybe<S extends v.GenericSchema>(schema: S): v.NullishSchema<S, undefined> {
  return v.nullish(schema);
}

const { topP, topK, minP, repetitionPenalty, presencePenalty, frequencyPenalty } = SamplingSchema.entries;
const stopString = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const bias = v.pipe(v.number(), v.minValue(-100), v.maxValue(100));
const tokenId = v.pipe(v.string(), v.regex(/^\d{1,9}$/, "Its keys have to be ids of tokens"));
export const tokenCount = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));
/** A text that only the client reads again. */
export const label = v.pipe(v.string(), v.maxLength(512));

/** How tokens are chosen, how often, and where the answer ends. */
export const samplingFields = {
  temperature: maybe(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  top_p: maybe(topP),
  top_k: maybe(topK),
  min_p: maybe(minP),
  repetition_penalty: maybe(repetitionPenalty),
  presence_penalty: maybe(presencePenalty),
  frequency_penalty: maybe(frequencyPenalty),
  logit_bias: maybe(v.pipe(v.record(tokenId, bias), v.maxEntries(1024))),
  seed: maybe(v.pipe(v.number(), v.integer())),
  stop: maybe(v.union([stopString, v.pipe(v.array(stopString), v.maxLength(16))])),
  max_tokens: maybe(tokenCount),
  n: maybe(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_CHOICES))),
};

/** How the model's chat template is filled in. */
export const templateFields = {
  enable_thinking: maybe(v.boolean()),
  chat_template_kwargs: maybe(TemplateSchema),
};
export const ReasoningEffort = v.picklist(["none", "minimal", "low", "medium", "high", "xhigh"]);

/** How many alternatives to report for each token. */
export const topLogprobs = maybe(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20)));

/**
 * Fields about the service that computes an answer. Labels have no effect here, where nobody keeps books; values that would
 * promise something that does not happen are refused.
 */
export const serviceFields = {
  user: maybe(label),
  safety_identifier: maybe(label),
  prompt_cache_key: maybe(label),
  prompt_cache_retention: maybe(v.literal("in_memory", "Prompts are kept in memory only")),
  metadata: maybe(v.pipe(v.record(v.pipe(v.string(), v.maxLength(64)), label), v.maxEntries(MAX_LABELS))),
  store: maybe(v.literal(false, "Microgrid keeps no answers")),
  service_tier: maybe(v.picklist(["auto", "default"], "There is one tier only: “default”")),
  stream: maybe(v.boolean()),
};

const paddingFields = { include_obfuscation: maybe(v.literal(false, "Nothing is padded here")) };
/** Settings of streams of chunks. */
export const streamOptions = maybe(v.strictObject({ include_usage: maybe(v.boolean()), ...paddingFields }));
/** Settings of streams of the responses API. */
export const eventOptions = maybe(v.strictObject(paddingFields));
/** Refuses settings of a stream where there is none. */
export function checkStream({
  stream,
  stream_options: options,
}: {
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: object | null | undefined;
}): void {
  if (options != null && !stream) throw refusedField("stream_options", "It belongs to a stream.");
}

/** How long answers are. Models here know no such setting, so only the usual length can be asked for. */
export const verbosity = maybe(v.literal("medium", "It cannot be set"));

/** The fields that Microgrid adds to OpenAI's. */
export const ownFields = {
  microgrid: v.optional(
    v.strictObject({
      policy: v.optional(v.partial(v.strictObject(PolicySchema.entries))),
      provider: v.optional(v.string()),
    }),
  ),
};

const SamplingBody = v.object(samplingFields);

/** The part of a generation request that `samplingFields` decide; `limit` is another field for the length: the smaller one counts. */
export function generationOf(
  body: v.InferOutput<typeof SamplingBody>,
  limit?: number | null,
): Pick<GenerationRequest, "sampling" | "maxTokens" | "seed" | "stop" | "logitBias"> {
  const stop = typeof body.stop === "string" ? [body.stop] : body.stop;
  const biases = Object.entries(body.logit_bias ?? {}).map(([id, value]): [number, number] => [Number(id), value]);
  return {
    sampling: samplingOf(body),
    maxTokens: Math.min(limit ?? body.max_tokens ?? DEFAULT_MAX_TOKENS, body.max_tokens ?? Number.POSITIVE_INFINITY),
    ...(body.seed != null && { seed: body.seed }),
    ...(stop && { stop }),
    ...(biases.length > 0 && { logitBias: biases }),
  };
}

function samplingOf(body: v.InferOutput<typeof SamplingBody>): RequestedSampling {
  return present({
    temperature: body.temperature,
    topP: body.top_p,
    topK: body.top_k,
    minP: body.min_p,
    repetitionPenalty: body.repetition_penalty,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
  });
}

/** The variables of the chat template that a request sets; `effort` is where its API has that field. */
export function templateOf(
  body: {
    readonly enable_thinking?: boolean | null | undefined;
    readonly chat_template_kwargs?: v.InferOutput<typeof TemplateSchema> | null | undefined;
  },
  effort: v.InferOutput<typeof ReasoningEffort> | null | undefined,
): Pick<GenerationRequest, "template"> {
  const template = {
    ...body.chat_template_kwargs,
    ...(body.enable_thinking != null && { enable_thinking: body.enable_thinking }),
    ...(effort != null && { reasoning_effort: effort }),
  };
  return Object.keys(template).length > 0 ? { template } : {};
}

/** One request for each of `n` answers. With a seed, each answer has its own, so that all can be repeated. */
export function choicesOf(
  generation: GenerationRequest,
  { n, microgrid }: { n?: number | null | undefined; microgrid?: v.InferOutput<(typeof ownFields)["microgrid"]> },
): AnswerRequest[] {
  const { seed } = generation;
  return Array.from({ length: n ?? 1 }, (_, choice) => ({
    generation: seed === undefined ? generation : { ...generation, seed: seed + choice },
    ...wishesOf(microgrid),
  }));
}

/** Where a request may be computed, as its field `microgrid` says. */
export function wishesOf(
  microgrid: v.InferOutput<(typeof ownFields)["microgrid"]>,
): Pick<AnswerRequest, "policy" | "provider"> {
  const { policy, provider } = microgrid ?? {};
  return { ...(policy && { policy: present(policy) }), ...(provider && { provider }) };
}

/** Drops absent fields, because exact optional types accept neither `undefined` nor `null`. */
function present<T extends object>(fields: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as never;
}
