/** The part of an MLC model's `mlc-chat-config.json` that prompts and limits are made of. */
import * as v from "valibot";
import { MicrogridError } from "../../core";
import { DEFAULT_SAMPLING, chosenSampling } from "../sampling";
import type { Sampling } from "../types";

const roles = v.object({ user: v.string(), assistant: v.string() });

const conversationTemplate = v.object({
  system_template: v.string(),
  system_message: v.optional(v.string(), ""),
  system_prefix_token_ids: v.optional(v.nullable(v.array(v.number()))),
  render_empty_system_message: v.optional(v.boolean(), true),
  add_role_after_system_message: v.optional(v.boolean(), true),
  roles,
  role_templates: v.optional(v.partial(roles), {}),
  role_content_sep: v.optional(v.string(), ": "),
  role_empty_sep: v.optional(v.string(), ": "),
  seps: v.pipe(v.array(v.string()), v.minLength(1)),
  stop_str: v.optional(v.array(v.string()), []),
  stop_token_ids: v.optional(v.array(v.number()), []),
});
/** How an MLC model wants conversations written. */
export type ConversationTemplate = v.InferOutput<typeof conversationTemplate>;

const modelConfig = v.object({
  tokenizer_files: v.array(v.string()),
  /** -1 where the model slides its window instead. */
  context_window_size: v.optional(v.number(), -1),
  sliding_window_size: v.optional(v.number(), -1),
  // Values that are not supported are ignored.
  temperature: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))), undefined),
  top_p: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))), undefined),
  repetition_penalty: v.fallback(v.optional(v.pipe(v.number(), v.minValue(0.5), v.maxValue(2))), undefined),
});
/** The configuration that comes with every MLC model. */
export type MlcConfig = v.InferOutput<typeof modelConfig>;

const chatConfig = v.object({ ...modelConfig.entries, conv_template: conversationTemplate });
/** The configuration of a model that chats. */
type ChatConfig = v.InferOutput<typeof chatConfig>;

/** Parses the file's text. Throws `not-a-model` for a web page or another file, `unsupported-model` without a tokenizer. */
export function parseChatConfig(text: string, url: string): ChatConfig {
  return parseWith(chatConfig, text, url);
}

/** The same for a model that makes embeddings, which writes no chats. */
export function parseEmbeddingConfig(text: string, url: string): MlcConfig {
  return parseWith(modelConfig, text, url);
}

function parseWith<S extends typeof modelConfig | typeof chatConfig>(
  schema: S,
  text: string,
  url: string,
): v.InferOutput<S> {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (!result.success) {
    throw new MicrogridError(
      "not-a-model",
      `${url} is not the configuration of an MLC model (${result.issues[0].message}). Check the model's address.`,
    );
  }
  if (result.output.tokenizer_files.includes("tokenizer.json")) return result.output;
  throw new MicrogridError(
    "unsupported-model",
    "This model has no tokenizer.json, which is needed to go on with answers that another device began. Choose another model.",
  );
}

/** The sampling that the model recommends. */
export function samplingOf({ temperature, top_p: topP, repetition_penalty: repetitionPenalty }: MlcConfig): Sampling {
  return chosenSampling({ temperature, topP, repetitionPenalty }, DEFAULT_SAMPLING);
}

/** Tokens of prompt and answer together; a model that slides its window has no end, but forgets. */
export function contextLengthOf(config: MlcConfig, override: number | undefined): number {
  const length = override ?? config.context_window_size;
  return length > 0 ? length : SLIDING_CONTEXT_TOKENS;
}

/** More than any answer here has: stands for "without end". */
const SLIDING_CONTEXT_TOKENS = 2 ** 20;
