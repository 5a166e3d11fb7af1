/** The settings beside a graph: `config.json`, `genai_config.json` and `generation_config.json`. */
import * as v from "valibot";
import { MicrogridError, parsePythonJson } from "../../core";
import { DEFAULT_SAMPLING } from "../sampling";
import type { Sampling } from "../types";

const Count = stated(v.pipe(v.number(), v.integer(), v.minValue(1)));
const TokenId = v.pipe(v.number(), v.integer());
const EosIds = recommended(v.nullable(v.union([TokenId, v.array(TokenId)])));
const TextConfig = v.looseObject({
  max_position_embeddings: Count,
  n_positions: Count,
  num_attention_heads: Count,
  num_key_value_heads: Count,
  hidden_size: Count,
  head_dim: Count,
  sliding_window: recommended(v.nullable(v.number())),
  eos_token_id: EosIds,
});
type TextSettings = Pick<v.InferOutput<typeof TextConfig>, keyof typeof TextConfig.entries>;
const Config = v.looseObject({
  ...TextConfig.entries,
  text_config: stated(TextConfig),
  untrained: recommended(v.boolean()),
});
/** The sampling that a model's makers recommend, as `generation_config.json` and GenAI's `search` name it. */
const SAMPLING = {
  do_sample: recommended(v.boolean()),
  temperature: recommended(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  top_k: recommended(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000))),
  top_p: recommended(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  min_p: recommended(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  repetition_penalty: recommended(v.pipe(v.number(), v.minValue(0.5), v.maxValue(2))),
};
const Search = v.looseObject(SAMPLING);
/** The settings of ONNX Runtime GenAI. Its exporter writes them in place of `config.json`. */
const GenAiConfig = v.looseObject({
  model: v.looseObject({
    context_length: Count,
    eos_token_id: EosIds,
    decoder: stated(
      v.looseObject({ head_size: Count, hidden_size: Count, num_attention_heads: Count, num_key_value_heads: Count }),
    ),
  }),
  search: recommended(Search),
});
const GenerationConfig = v.looseObject({ eos_token_id: EosIds, ...SAMPLING });

/** The `top_k` that the file's format implies for sampling. */
const IMPLIED_TOP_K = 50;

/** Context length of models whose configuration does not state one. */
const DEFAULT_CONTEXT_TOKENS = 2048;

/** Texts of the files; undefined for those that the model does not have. */
interface ConfigTexts {
  readonly config: string | undefined;
  readonly genAi: string | undefined;
  readonly generation: string | undefined;
}

/** Settings of a model that its tokenizer does not know. */
interface ModelConfig {
  readonly contextLength: number;
  /** End tokens that any of the files names. */
  readonly eosIds: readonly number[];
  readonly heads: number | undefined;
  readonly headDim: number | undefined;
  /** Tokens that some or all layers look back; undefined if all see everything. */
  readonly window: number | undefined;
  /** True if the weights are said to be random, as in models that are made for tests. */
  readonly untrained: boolean;
  /** The sampling that `generation_config.json` recommends, or else GenAI's `search`. */
  readonly sampling: Sampling;
}

/**
 * Reads the settings. `config.json` counts more than `genai_config.json`, and its text part more than the rest. Throws
 * `file-corrupt` for damaged files, `not-a-model` for files of another kind.
 */
export function readModelConfig(texts: ConfigTexts): ModelConfig {
  const config = parseConfig(Config, texts.config ?? "{}", "config.json");
  const { model: genAi, search } =
    texts.genAi === undefined ? {} : parseConfig(GenAiConfig, texts.genAi, "genai_config.json");
  const generation = parseConfig(GenerationConfig, texts.generation ?? "{}", "generation_config.json");
  const decoder = genAi?.decoder;
  const setting = <K extends keyof TextSettings>(key: K): TextSettings[K] => config.text_config?.[key] ?? config[key];
  const heads = setting("num_attention_heads") ?? decoder?.num_attention_heads;
  const width = setting("hidden_size") ?? decoder?.hidden_size;
  return {
    contextLength:
      setting("max_position_embeddings") ?? setting("n_positions") ?? genAi?.context_length ?? DEFAULT_CONTEXT_TOKENS,
    eosIds: [generation.eos_token_id, setting("eos_token_id"), genAi?.eos_token_id].flatMap((ids) => ids ?? []),
    heads: setting("num_key_value_heads") ?? decoder?.num_key_value_heads ?? heads,
    headDim: setting("head_dim") ?? decoder?.head_size ?? (width && heads ? width / heads : undefined),
    window: setting("sliding_window") ?? undefined,
    untrained: config.untrained === true,
    sampling: recommendedSampling(texts.generation === undefined ? (search ?? {}) : generation),
  };
}

function parseConfig<S extends v.GenericSchema>(schema: S, text: string, file: string): v.InferOutput<S> {
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (cause) {
    throw new MicrogridError(
      "file-corrupt",
      `${file} is not valid JSON: it is damaged or cut off. Remove the model and load it again.`,
      { cause },
    );
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new MicrogridError(
    "not-a-model",
    `${file} is not that of a text model (${v.getDotPath(issue) ?? "it"}: ${issue.message}).`,
  );
}

/** A value that may be left out. Exporters also write null, or a number that is not finite, for one they do not know. */
function stated<S extends v.GenericSchema>(schema: S) {
  const known = (value: unknown): unknown =>
    value === null || (typeof value === "number" && !Number.isFinite(value)) ? undefined : value;
  return v.optional(v.pipe(v.unknown(), v.transform(known), v.optional(schema)));
}

/** A recommendation; undefined for null and for values that the engine does not support. */
function recommended<S extends v.GenericSchema>(schema: S) {
  return v.fallback(v.optional(schema), undefined);
}

/** Greedy unless the file asks for sampling, with `do_sample` or else with a temperature. */
function recommendedSampling(config: Pick<v.InferOutput<typeof Search>, keyof typeof SAMPLING>): Sampling {
  const off = DEFAULT_SAMPLING;
  const samples = config.do_sample ?? config.temperature !== undefined;
  return {
    temperature: samples ? (config.temperature ?? 1) : 0,
    topK: config.top_k ?? (samples ? IMPLIED_TOP_K : off.topK),
    topP: config.top_p ?? off.topP,
    minP: config.min_p ?? off.minP,
    repetitionPenalty: config.repetition_penalty ?? off.repetitionPenalty,
  };
}
