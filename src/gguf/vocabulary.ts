/** The vocabulary of a GGUF file, checked. */
import { notGguf, unsupportedGguf } from "./errors";
import type { GgufMetadata } from "./header";

/** Kinds of tokens (`tokenizer.ggml.token_type`). Source: `llama_token_type` in `llama.h` of llama.cpp. */
export const TOKEN = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;

/** The most tokens: four times as many as the largest vocabularies have. */
const MAX_TOKENS = 2 ** 20;

/** Special tokens by the names of their keys. */
type Special = "bos" | "eos" | "unknown" | "padding";

/** The tokens of a model. */
export interface GgufVocabulary {
  /** By their ids. Each is there once. */
  readonly tokens: readonly string[];
  /** Ids by token. */
  readonly ids: ReadonlyMap<string, number>;
  /** Kinds by ids, see `TOKEN`. */
  readonly kinds: readonly number[];
  /** The text of a special token; undefined if the model has none. */
  special(name: Special): string | undefined;
}

/** Reads the tokens of a file. Throws `unsupported-model` if it has none, `not-a-model` if they contradict each other. */
export function vocabularyOf(metadata: GgufMetadata): GgufVocabulary {
  const named = textList(metadata, "tokens");
  if (!named || named.length === 0) throw unsupportedGguf("its file has no vocabulary");
  if (named.length > MAX_TOKENS) throw notGguf(`its vocabulary has more than ${MAX_TOKENS} tokens`);
  // As llama.cpp does it.
  const tokens = named.map((token, id) => (token === "" ? `[EMPTY_${id}]` : token));
  const ids = new Map(tokens.map((token, id) => [token, id]));
  if (ids.size < tokens.length) throw notGguf("a token stands twice in its vocabulary");
  const kinds = numberList(metadata, "token_type", tokens.length) ?? tokens.map(() => TOKEN.normal);
  const special = (name: Special): string | undefined => {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
    return typeof id === "number" ? tokens[id] : undefined;
  };
  return { tokens, ids, kinds, special };
}

/** The texts under a key of the tokenizer; undefined if there are none. */
export function textList(metadata: GgufMetadata, name: string): readonly string[] | undefined {
  const value = metadata.get(`tokenizer.ggml.${name}`);
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

/** As many numbers as there are tokens, or undefined. Throws `not-a-model` if there are fewer. */
export function numberList(metadata: GgufMetadata, name: string, count: number): readonly number[] | undefined {
  const value = metadata.get(`tokenizer.ggml.${name}`);
  if (!Array.isArray(value) || !value.every((item) => typeof item === "number")) return undefined;
  if (value.length < count) throw notGguf(`its list ${name} is shorter than its vocabulary`);
  return value;
}

/** Tokens that are found before a text is split, as `tokenizer.json` lists them. */
export function addedTokens({ tokens, kinds }: GgufVocabulary): readonly unknown[] {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return tokens.flatMap((content, id) => {
    const special = kinds[id] === TOKEN.control || kinds[id] === TOKEN.unknown;
    return special || kinds[id] === TOKEN.userDefined ? [{ id, content, ...flags, special }] : [];
  });
}
