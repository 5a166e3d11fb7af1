/** Writes the tokenizer of a GGUF file as the files that repositories of other formats have. */
import { quoted } from "../core";
import { unsupportedGguf } from "./errors";
import type { GgufMetadata } from "./header";
import { listedMerges, scoredMerges } from "./merges";
import { preTokenizer } from "./pre-tokenizers";
import { addedTokens, type GgufVocabulary, vocabularyOf } from "./vocabulary";

/** The texts of both files, for `ChatTokenizer.parse`. */
interface TokenizerFiles {
  /** `tokenizer.json`. */
  readonly tokenizer: string;
  /** `tokenizer_config.json`, with special tokens and the chat template. */
  readonly config: string;
}

/** Parts of `tokenizer.json` that depend on the kind of the tokenizer. */
interface Kind {
  /** `tokenizer_class` in the configuration. */
  readonly name: string;
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  readonly decoder: unknown;
  readonly model: Readonly<Record<string, unknown>>;
  /** Whether texts begin with the first token, unless the file says otherwise. */
  readonly addBos: boolean;
}

/** The sign that SentencePiece writes for a space. */
const SPACE = "▁";

/**
 * Writes the tokenizer of a file. Equal tokenizers give equal texts. Throws `unsupported-model` for a kind of tokenizer that
 * is not known here, and `not-a-model` if its parts contradict each other.
 */
export function tokenizerFiles(metadata: GgufMetadata): TokenizerFiles {
  requireKnownTokenizer(metadata);
  const vocabulary = vocabularyOf(metadata);
  const isByteLevel = metadata.get("tokenizer.ggml.model") === "gpt2";
  const kind = isByteLevel ? byteLevel(metadata) : sentencePiece(metadata, vocabulary);
  const own = metadata.get("tokenizer.ggml.add_bos_token");
  const addBos = typeof own === "boolean" ? own : kind.addBos;
  const first = addBos ? vocabulary.special("bos") : undefined;
  const tokenizer = {
    ...{ version: "1.0", truncation: null, padding: null },
    added_tokens: addedTokens(vocabulary),
    normalizer: kind.normalizer,
    pre_tokenizer: kind.preTokenizer,
    post_processor: first === undefined ? null : beginningWith(first, vocabulary),
    decoder: kind.decoder,
    model: {
      ...{ type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries(vocabulary.ids),
      ...kind.model,
    },
  };
  const config = {
    add_bos_token: addBos,
    ...(isByteLevel && { add_prefix_space: false }),
    bos_token: vocabulary.special("bos"),
    chat_template: metadata.get("tokenizer.chat_template"),
    clean_up_tokenization_spaces: false,
    eos_token: vocabulary.special("eos"),
    model_max_length: metadata.get(`${String(metadata.get("general.architecture"))}.context_length`),
    pad_token: vocabulary.special("padding"),
    tokenizer_class: kind.name,
    unk_token: vocabulary.special("unknown"),
  };
  return { tokenizer: JSON.stringify(tokenizer), config: JSON.stringify(config) };
}

/**
 * Throws `unsupported-model` if the tokenizer of a file is of a kind that is not known here. Takes no time, while writing the files of
 * a large vocabulary takes seconds.
 */
export function requireKnownTokenizer(metadata: GgufMetadata): void {
  const kind = metadata.get("tokenizer.ggml.model");
  if (kind === "gpt2") splits(metadata);
  else if (kind === undefined || kind === "none" || kind === "no_vocab") {
    throw unsupportedGguf("its file has no tokenizer");
  } else if (kind !== "llama") {
    throw unsupportedGguf(`its tokenizer is of a kind that is not known here, ${quoted(String(kind))}`);
  }
}

function splits(metadata: GgufMetadata): ReturnType<typeof preTokenizer> {
  const pre = metadata.get("tokenizer.ggml.pre");
  return preTokenizer(typeof pre === "string" ? pre : undefined);
}

/** Tokens of bytes that are written as characters, put together by a list of merges. */
function byteLevel(metadata: GgufMetadata): Kind {
  const { steps, ignoreMerges, addBos } = splits(metadata);
  return {
    ...{ name: "GPT2Tokenizer", normalizer: null, addBos },
    preTokenizer: steps.length === 1 ? steps[0] : { type: "Sequence", pretokenizers: steps },
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: { ignore_merges: ignoreMerges, merges: listedMerges(metadata) },
  };
}

/** Tokens of characters with scores; characters that have no token become bytes. */
function sentencePiece(metadata: GgufMetadata, vocabulary: GgufVocabulary): Kind {
  const replace = { type: "Replace", pattern: { String: " " }, content: SPACE };
  const back = [
    ...[{ type: "Replace", pattern: { String: SPACE }, content: " " }, { type: "ByteFallback" }, { type: "Fuse" }],
  ];
  const prefix = metadata.get("tokenizer.ggml.add_space_prefix") !== false;
  return {
    ...{ name: "LlamaTokenizer", preTokenizer: null, addBos: true },
    normalizer: prefix ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: SPACE }, replace] } : replace,
    decoder: {
      ...{ type: "Sequence" },
      decoders: prefix ? [...back, { type: "Strip", content: " ", start: 1, stop: 0 }] : back,
    },
    model: {
      ...{ unk_token: vocabulary.special("unknown") ?? null, fuse_unk: true, byte_fallback: true },
      merges: scoredMerges(metadata, vocabulary),
    },
  };
}

/** Puts a token before every text that is encoded with special tokens. */
function beginningWith(token: string, { ids }: GgufVocabulary): unknown {
  const special = { SpecialToken: { id: token, type_id: 0 } };
  return {
    type: "TemplateProcessing",
    single: [special, { Sequence: { id: "A", type_id: 0 } }],
    pair: [special, { Sequence: { id: "A", type_id: 0 } }, special, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { [token]: { id: token, ids: [ids.get(token)], tokens: [token] } },
  };
}
