/** The schema of a stored conversation, used by the database, the export and the import. */
import * as v from "valibot";
import type { DeepReadonly } from "../../core";
import { BackendSchema, FinishReasonSchema, ResumePointSchema } from "../../inference";
import { LOSSES } from "../../node";
import { MAX_MESSAGE_CHARS } from "./limits";

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const time = v.pipe(v.number(), v.finite(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(MAX_MESSAGE_CHARS));
const name = v.pipe(v.string(), v.maxLength(400));

const samplingSchema = v.object({
  temperature: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  topK: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000))),
  topP: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  minP: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  repetitionPenalty: v.exactOptional(v.pipe(v.number(), v.minValue(0.5), v.maxValue(2))),
});

/** Settings of one conversation. Absent settings use the defaults of its model. */
const settingsSchema = v.object({
  systemPrompt: v.exactOptional(text),
  model: v.exactOptional(name),
  sampling: samplingSchema,
  seed: v.exactOptional(v.pipe(v.number(), v.integer())),
  maxTokens: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000))),
  stop: v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
  /** Whether the model thinks before it answers, or how much. */
  thinking: v.exactOptional(v.union([v.boolean(), v.picklist(["low", "medium", "high"])])),
});

const providerSchema = v.object({
  id: name,
  kind: v.picklist(["local", "peer", "pipeline", "remote", "federated"]),
  name,
});

const routeSchema = v.object({
  provider: providerSchema,
  why: v.array(v.pipe(v.string(), v.maxLength(1000))),
  /** 1 for the first provider; more for a provider that replaced a lost one. */
  attempt: v.pipe(v.number(), v.integer(), v.minValue(1)),
  exact: v.boolean(),
  model: name,
  backend: BackendSchema,
  /** Why the answer ended here before it was complete. */
  lost: v.exactOptional(v.picklist(LOSSES)),
});

const answerSchema = v.object({
  model: name,
  routes: v.array(routeSchema),
  finishReason: v.exactOptional(FinishReasonSchema),
  tokensPerSecond: v.exactOptional(v.pipe(v.number(), v.finite())),
  firstTokenMs: v.exactOptional(v.pipe(v.number(), v.finite())),
  totalMs: v.exactOptional(v.pipe(v.number(), v.finite())),
  /** How long the model thought before it answered. */
  thoughtMs: v.exactOptional(v.pipe(v.number(), v.finite())),
  tokens: v.exactOptional(v.pipe(v.number(), v.integer())),
  /** Number of the oldest messages that the model did not read, since they did not fit its context. */
  left: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** True if the model has no place for the system prompt, and read it as a part of the first question. */
  moved: v.exactOptional(v.boolean()),
  resume: v.exactOptional(v.object({ ...ResumePointSchema.entries, text })),
  error: v.exactOptional(
    v.object({ code: v.pipe(v.string(), v.maxLength(60)), message: v.pipe(v.string(), v.maxLength(2000)) }),
  ),
});

export const messageSchema = v.object({
  id,
  role: v.picklist(["user", "assistant"]),
  content: text,
  /** The model's thought before the answer. */
  reasoning: v.exactOptional(text),
  /** True if its text takes too long to read as Markdown, so that it is shown as it is written. */
  plain: v.exactOptional(v.boolean()),
  createdAt: time,
  status: v.picklist(["complete", "streaming", "interrupted", "failed"]),
  answer: v.exactOptional(answerSchema),
});

/** A message that is not shown: another version of a shown one, or what followed such a version. */
const asideSchema = v.object({
  ...messageSchema.entries,
  /** Id of the message before it; empty for the first. */
  after: v.pipe(v.string(), v.maxLength(100)),
});

export const conversationSchema = v.object({
  id,
  title: name,
  /** True once the user has renamed it, so that its title no longer follows its first message. */
  renamed: v.exactOptional(v.boolean()),
  createdAt: time,
  updatedAt: time,
  settings: settingsSchema,
  messages: v.array(messageSchema),
  asides: v.exactOptional(v.array(asideSchema)),
});

/** The exported file. `version` increases when older versions of Microgrid could not read it. */
export const exportSchema = v.object({
  format: v.literal("microgrid-conversations"),
  version: v.literal(1),
  exportedAt: v.exactOptional(v.string()),
  conversations: v.pipe(v.array(conversationSchema), v.maxLength(10_000)),
});

export type ConversationSettings = DeepReadonly<v.InferOutput<typeof settingsSchema>>;
/** The provider of an answer, or of a part of it, and the reasons for the choice; stored with the answer. */
export type StoredRoute = DeepReadonly<v.InferOutput<typeof routeSchema>>;
/** Where and how fast an answer was computed, and what is needed to continue it. */
export type StoredAnswer = DeepReadonly<v.InferOutput<typeof answerSchema>>;
export type StoredMessage = DeepReadonly<v.InferOutput<typeof messageSchema>>;
export type Conversation = DeepReadonly<v.InferOutput<typeof conversationSchema>>;
export type ConversationExport = DeepReadonly<v.InferOutput<typeof exportSchema>>;

/** A conversation as the list of conversations shows it. */
export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: number;
  /** The words around a search match inside the messages. */
  readonly excerpt?: string;
}
