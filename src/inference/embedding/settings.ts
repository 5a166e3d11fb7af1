/** Reads how a repository wants its embeddings made, from the files of sentence-transformers. */
import * as v from "valibot";
import { MicrogridError, parsePythonJson } from "../../core";
import type { Pooling } from "./pooling";

/** How vectors are made of what the graph computes. */
interface EmbeddingSettings {
  /** How hidden states become a vector; undefined if the graph does it itself. */
  readonly pooling: readonly Pooling[] | undefined;
  /** Whether vectors are brought to length 1. */
  readonly normalize: boolean;
  /** Most tokens of a text. */
  readonly window: number;
}

/** The model that the settings are of. */
interface EmbeddingSubject {
  /** Its id, which is the name of its repository if it has one. */
  readonly id: string;
  readonly name: string;
  /** Whether the graph gives finished vectors. */
  readonly pools: boolean;
  /** Tokens that the configuration allows. */
  readonly contextLength: number;
}

const flag = v.optional(v.boolean(), false);
const mode = v.picklist(["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]);
const PoolingFile = v.looseObject({
  pooling_mode: v.optional(v.union([mode, v.array(mode)])),
  pooling_mode_cls_token: flag,
  pooling_mode_max_tokens: flag,
  pooling_mode_mean_tokens: flag,
  pooling_mode_mean_sqrt_len_tokens: flag,
  pooling_mode_weightedmean_tokens: flag,
  pooling_mode_lasttoken: flag,
});
const ModulesFile = v.array(v.looseObject({ type: v.string(), path: v.optional(v.string(), "") }));
const tokens = v.fallback(v.nullish(v.pipe(v.number(), v.minValue(1))), undefined);
const LimitsFile = v.looseObject({ max_seq_length: tokens, model_max_length: tokens });
const ConfigFile = v.looseObject({
  model_type: v.fallback(v.optional(v.string(), ""), ""),
  pad_token_id: v.fallback(v.nullish(v.number()), undefined),
  _name_or_path: v.fallback(v.optional(v.string(), ""), ""),
});

/** Models whose positions begin behind the number of their padding token, so that they have fewer than the configuration says. */
const OFFSET_POSITIONS: readonly string[] = ["roberta", "xlm-roberta", "camembert", "mpnet"];

/**
 * Families in repositories that leave `1_Pooling/config.json` out, as those made for Transformers.js do. All of them bring their
 * vectors to length 1. Models that are not listed are refused: the wrong pooling gives vectors that look right and find the wrong texts.
 */
const FAMILIES: readonly (readonly [name: RegExp, pooling: Pooling])[] = [
  [/\b(bge-(small|base|large|m3)|mxbai-embed|snowflake-arctic-embed|gte-modernbert|gte-[a-z]+-en-v1\.5)/i, "cls"],
  [/qwen3-embedding/i, "last"],
  [
    /\b(all-minilm|all-mpnet|paraphrase-|multi-qa-minilm|multilingual-e5|e5-(small|base|large)|gte-(small|base|large)|jina-embeddings-v2|nomic-embed-text)/i,
    "mean",
  ],
];

/**
 * Reads the settings. Throws `unsupported-model` for a module that this engine does not have, or if nothing says how vectors are
 * made; `file-missing` and `file-corrupt` for a file that is named but absent or damaged.
 */
export async function readEmbeddingSettings(
  files: ReadonlyMap<string, Blob>,
  subject: EmbeddingSubject,
): Promise<EmbeddingSettings> {
  const read = async <S extends v.GenericSchema>(path: string, schema: S) => {
    const text = await files.get(path)?.text();
    return text === undefined ? undefined : parsed(path, text, schema);
  };
  const [modules, poolingFile, limits, tokenizer, config] = await Promise.all([
    read("modules.json", ModulesFile),
    read(POOLING_PATH, PoolingFile),
    read("sentence_bert_config.json", LimitsFile),
    read("tokenizer_config.json", LimitsFile),
    read("config.json", ConfigFile),
  ]);
  const kinds = modules?.map(({ type }) => type.slice(type.lastIndexOf(".") + 1));
  const offset = config && OFFSET_POSITIONS.includes(config.model_type) ? (config.pad_token_id ?? 1) + 1 : 0;
  const window = Math.min(
    subject.contextLength - offset,
    limits?.max_seq_length ?? Infinity,
    tokenizer?.model_max_length ?? Infinity,
  );
  // The graph's own vectors have gone through all modules.
  if (subject.pools) return { pooling: undefined, normalize: kinds?.includes("Normalize") ?? true, window };
  const strange = kinds?.find((kind) => !MODULES.includes(kind));
  if (strange !== undefined) {
    throw unsupported(
      subject,
      `its vectors go through a module of the kind ${strange}, which its graph does not contain`,
    );
  }
  const stated = poolingFile && poolingOf(poolingFile, subject);
  if (kinds?.includes("Pooling") && !stated) throw missing(POOLING_PATH);
  if (stated) return { pooling: stated, normalize: kinds?.includes("Normalize") ?? true, window };
  const known = FAMILIES.find(([name]) => name.test(subject.id) || name.test(config?._name_or_path ?? ""));
  if (known) return { pooling: [known[1]], normalize: true, window };
  throw unsupported(
    subject,
    `it does not say how the vector of a text is made of its tokens (${POOLING_PATH} is missing)`,
  );
}

const POOLING_PATH = "1_Pooling/config.json";
const MODULES: readonly string[] = ["Transformer", "Pooling", "Normalize"];

function poolingOf(file: v.InferOutput<typeof PoolingFile>, subject: EmbeddingSubject): readonly Pooling[] {
  const named = [file.pooling_mode ?? []].flat();
  const is = (name: v.InferOutput<typeof mode>, stated: boolean): boolean => stated || named.includes(name);
  if (is("weightedmean", file.pooling_mode_weightedmean_tokens)) {
    throw unsupported(subject, "it weights the tokens of a text by their positions (weightedmean)");
  }
  // In the order in which sentence-transformers puts several modes together.
  const modes: readonly (readonly [boolean, Pooling])[] = [
    [is("cls", file.pooling_mode_cls_token), "cls"],
    [is("max", file.pooling_mode_max_tokens), "max"],
    [is("mean", file.pooling_mode_mean_tokens), "mean"],
    [is("mean_sqrt_len_tokens", file.pooling_mode_mean_sqrt_len_tokens), "mean-sqrt"],
    [is("lasttoken", file.pooling_mode_lasttoken), "last"],
  ];
  const chosen = modes.flatMap(([stated, pooling]) => (stated ? [pooling] : []));
  if (chosen.length > 0) return chosen;
  throw unsupported(subject, `its ${POOLING_PATH} names no way to make a vector of tokens that is known here`);
}

function parsed<S extends v.GenericSchema>(path: string, text: string, schema: S): v.InferOutput<S> {
  try {
    return v.parse(schema, parsePythonJson(text));
  } catch (cause) {
    throw new MicrogridError(
      "file-corrupt",
      `${path} is damaged or of an unknown form, so the model's vectors cannot be made. Remove the model and load it again.`,
      { cause },
    );
  }
}

function missing(path: string): MicrogridError {
  return new MicrogridError(
    "file-missing",
    `The model's file ${path} is missing, so its vectors cannot be made. Load the model again, or choose another one.`,
  );
}

function unsupported({ name }: EmbeddingSubject, why: string): MicrogridError {
  return new MicrogridError("unsupported-model", `${name} cannot run here: ${why}. Choose another embedding model.`);
}
