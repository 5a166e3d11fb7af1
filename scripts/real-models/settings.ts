/** The files beside a graph: tokenizer, chat template, configuration. */
import { type Gguf, numberOf, stringsOf } from "./gguf";

/** Paths of the files. */
export const SETTINGS_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
] as const;

/** Their contents, before they become JSON. */
type Settings = Readonly<Record<(typeof SETTINGS_FILES)[number], unknown>>;

/** Writes the files of a model, by their paths. */
export type WriteSettings = (gguf: Gguf) => ReadonlyMap<string, string>;

/** Kinds of tokens in GGUF files. */
export const TOKEN = { normal: 1, control: 3, userDefined: 4, byte: 6 } as const;

/** The vocabulary of a GGUF file. */
interface Vocabulary {
  readonly tokens: readonly string[];
  readonly kinds: readonly number[];
  readonly unknown: number;
  /** Special tokens, as configurations name them. */
  readonly ids: Readonly<Record<"bos_token_id" | "eos_token_id" | "pad_token_id", number>>;
}

/** Reads the tokens, what kinds they are, and the special ones among them. */
export function vocabularyOf(gguf: Gguf): Vocabulary {
  const special = (kind: string): number => numberOf(gguf, `tokenizer.ggml.${kind}_token_id`);
  return {
    tokens: stringsOf(gguf, "tokenizer.ggml.tokens"),
    kinds: gguf.metadata.get("tokenizer.ggml.token_type") as readonly number[],
    unknown: special("unknown"),
    ids: { bos_token_id: special("bos"), eos_token_id: special("eos"), pad_token_id: special("padding") },
  };
}

/** Tokens that are found before a text is split, as `tokenizer.json` lists them. */
export function addedTokens({ tokens, kinds }: Vocabulary): readonly unknown[] {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return tokens.flatMap((content, id) =>
    kinds[id] === TOKEN.control || kinds[id] === TOKEN.userDefined
      ? [{ id, content, ...flags, special: kinds[id] === TOKEN.control }]
      : [],
  );
}

/** The files as a hub has them. */
export function asFiles(settings: Settings): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(settings).map(([path, content]) => [path, `${JSON.stringify(content, undefined, 2)}\n`]),
  );
}
