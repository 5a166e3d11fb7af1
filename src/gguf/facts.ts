/** Reads the facts of a model from the header of its GGUF file, for whoever chooses, checks and loads it. */
import * as v from "valibot";
import { quoted, type RangeSource } from "../core";
import { notGguf, unsupportedGguf } from "./errors";
import { fileTypeName } from "./formats";
import { type GgufHeader, type GgufMetadata, readGgufHeader } from "./header";

/** The special tokens of a model, by their ids. Undefined if the file names none. */
interface GgufTokens {
  readonly bos: number | undefined;
  readonly eos: number | undefined;
  /** Ends a turn, where that is another token than `eos`. */
  readonly eot: number | undefined;
  /** Whether a text begins with `bos`; undefined leaves it to the kind of the tokenizer. */
  readonly addBos: boolean | undefined;
}

/** The facts of a model as a file states them. */
export interface GgufFacts {
  /** The name by which llama.cpp knows the architecture, such as `llama` or `qwen3`. */
  readonly architecture: string;
  readonly name: string | undefined;
  readonly license: string | undefined;
  /** How most weights are quantized, such as `Q4_K_M`; undefined if the file does not say so. */
  readonly fileType: string | undefined;
  /** Tokens that the model was made for. */
  readonly contextLength: number | undefined;
  readonly layers: number | undefined;
  /** Numbers of all tensors of this file, which may be one of several. */
  readonly parameters: number;
  /** Bytes of the weights in this file. */
  readonly weightBytes: number;
  readonly vocabularySize: number | undefined;
  /** The template for chats, in Jinja. */
  readonly chatTemplate: string | undefined;
  readonly tokens: GgufTokens;
  /** Number of files that the model consists of, and which one this is, from 0; undefined for a single file. */
  readonly split: { readonly count: number; readonly index: number } | undefined;
  /** True if the model makes embeddings instead of text. */
  readonly embeds: boolean;
  /** All keys, as `tokenizerFiles` takes them. */
  readonly metadata: GgufMetadata;
}

/** Architectures that make embeddings and nothing else. Source: `llama-arch.cpp` of llama.cpp. */
const EMBEDDERS: readonly string[] = [
  ...["bert", "modern-bert", "neo-bert", "eurobert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3"],
  ...["t5encoder", "gemma-embedding", "llama-embed"],
];
/** Values of `pooling_type` by which a decoder makes embeddings: mean, first token, last token. */
const POOLINGS: readonly unknown[] = [1, 2, 3];
/** The longest text that is a name, characters. */
const MAX_NAME_LENGTH = 256;

const Text = v.pipe(v.string(), v.nonEmpty());
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Name = v.pipe(Text, v.maxLength(MAX_NAME_LENGTH));

/**
 * Reads what a file says about its model; of a file on a host, only its beginning is read. Rejects with `not-a-model` for a
 * file that is no GGUF file, is cut off or contradicts itself, `unsupported-model` for a part of a model that is no model by
 * itself, and otherwise as `source.read` does, also when that is aborted.
 */
export async function readGguf(source: RangeSource): Promise<GgufFacts> {
  return factsOf(await readGgufHeader(source));
}

function factsOf({ metadata, tensors }: GgufHeader): GgufFacts {
  const get = <T>(key: string, schema: v.GenericSchema<unknown, T>): T | undefined => {
    const result = v.safeParse(schema, metadata.get(key));
    return result.success ? result.output : undefined;
  };
  const architecture = get("general.architecture", Name);
  if (architecture === undefined) throw notGguf("it does not name the architecture of its model");
  refuseParts(architecture, get("general.type", Name));
  const own = (key: string): number | undefined => get(`${architecture}.${key}`, Count);
  const fileType = get("general.file_type", Count);
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const vocabularySize = Array.isArray(tokens) ? tokens.length : own("vocab_size");
  const special = (kind: string): number | undefined => {
    const id = get(`tokenizer.ggml.${kind}_token_id`, Count);
    return id !== undefined && id < (vocabularySize ?? 0) ? id : undefined;
  };
  const [count, index] = [get("split.count", Count) ?? 0, get("split.no", Count) ?? 0];
  return {
    ...{ architecture, name: get("general.name", Name), license: get("general.license", Name) },
    fileType: fileType === undefined ? undefined : fileTypeName(fileType),
    ...{ contextLength: own("context_length"), layers: own("block_count") },
    parameters: tensors.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0),
    weightBytes: tensors.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    vocabularySize,
    chatTemplate: get("tokenizer.chat_template", Text),
    tokens: {
      ...{ bos: special("bos"), eos: special("eos"), eot: special("eot") },
      addBos: get("tokenizer.ggml.add_bos_token", v.boolean()),
    },
    split: count > 1 ? { count, index } : undefined,
    embeds: EMBEDDERS.includes(architecture) || POOLINGS.includes(own("pooling_type")),
    metadata,
  };
}

/** Refuses files that only belong to a model: adapters, projectors of images, statistics for quantizing. */
function refuseParts(architecture: string, type: string | undefined): void {
  if (type !== undefined && type !== "model") throw unsupportedGguf(`it is no model, but of the type ${quoted(type)}`);
  if (architecture === "clip") throw unsupportedGguf("it is the part of a model that reads images");
}
