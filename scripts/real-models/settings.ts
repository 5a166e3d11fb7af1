/** Writes the files beside a graph from a GGUF file: tokenizer, chat template, configuration. */
import { type Gguf, numberOf, stringsOf } from "./gguf";
import { llamaSizes } from "./llama-graph";

/** Kinds of tokens in GGUF files that are no ordinary pieces of text. */
const CONTROL = 3;
const USER_DEFINED = 4;

/** Paths of the files beside a graph. */
export const SETTINGS_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
] as const;

/** The files beside the graph of a Llama model with a byte-level tokenizer, by their paths. */
export function settingsFiles(gguf: Gguf): ReadonlyMap<string, string> {
  const sizes = llamaSizes(gguf);
  const special = (kind: string): number => numberOf(gguf, `tokenizer.ggml.${kind}_token_id`);
  const ids = {
    bos_token_id: special("bos"),
    eos_token_id: special("eos"),
    pad_token_id: special("padding"),
  };
  const tokens = stringsOf(gguf, "tokenizer.ggml.tokens");
  const files: Readonly<Record<(typeof SETTINGS_FILES)[number], unknown>> = {
    "config.json": {
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      ...ids,
      hidden_act: "silu",
      hidden_size: sizes.hidden,
      intermediate_size: sizes.feedForward,
      max_position_embeddings: sizes.context,
      num_attention_heads: sizes.heads,
      num_hidden_layers: sizes.layers,
      num_key_value_heads: sizes.keyHeads,
      rms_norm_eps: sizes.epsilon,
      rope_theta: sizes.ropeBase,
      tie_word_embeddings: true,
      vocab_size: sizes.vocabulary,
    },
    "generation_config.json": ids,
    "tokenizer.json": tokenizer(gguf, tokens),
    "tokenizer_config.json": {
      add_bos_token: false,
      add_prefix_space: false,
      bos_token: tokens[ids.bos_token_id],
      chat_template: gguf.metadata.get("tokenizer.chat_template"),
      clean_up_tokenization_spaces: false,
      eos_token: tokens[ids.eos_token_id],
      model_max_length: sizes.context,
      pad_token: tokens[ids.pad_token_id],
      tokenizer_class: "GPT2Tokenizer",
      unk_token: tokens[special("unknown")],
    },
  };
  return new Map(Object.entries(files).map(([path, content]) => [path, `${JSON.stringify(content, undefined, 2)}\n`]));
}

function tokenizer(gguf: Gguf, tokens: readonly string[]): unknown {
  const kinds = gguf.metadata.get("tokenizer.ggml.token_type") as readonly number[];
  if (gguf.metadata.get("tokenizer.ggml.pre") !== "smollm") {
    throw new Error("The way that this GGUF file's tokenizer splits text is not understood.");
  }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) =>
      kinds[id] === CONTROL || kinds[id] === USER_DEFINED
        ? [{ id, content, ...flags, special: kinds[id] === CONTROL }]
        : [],
    ),
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: stringsOf(gguf, "tokenizer.ggml.merges").map((merge) => merge.split(" ")),
    },
  };
}
