/** Small tokenizers as GGUF files have them. */
import { type TypedValue, value } from "./writer";

/** Tokens with their kinds, see `TOKEN`, and the score of each where it has one. */
export type SmallVocabulary = readonly (readonly [token: string, kind: number, score?: number])[];

const texts = (items: readonly string[]): TypedValue => value.list(items.map(value.text));

/** The keys of the tokens of a vocabulary. */
function tokenKeys(vocabulary: SmallVocabulary): Readonly<Record<string, TypedValue>> {
  return {
    "tokenizer.ggml.tokens": texts(vocabulary.map(([token]) => token)),
    "tokenizer.ggml.token_type": value.list(vocabulary.map(([, kind]) => value.int32(kind))),
  };
}

/** The characters that stand for bytes in byte-level vocabularies: bytes that can be printed stand for themselves. */
export function byteCharacters(): readonly string[] {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte < 0xad) || byte > 0xad;
    return String.fromCharCode(printable ? byte : 256 + others++);
  });
}

/**
 * A byte-level tokenizer: two control tokens `<|begin|>` and `<|end|>`, the 256 bytes, and what the merges make, such as
 * `a b`.
 */
export function byteLevelKeys(
  pre: string | undefined,
  merges: readonly string[],
): Readonly<Record<string, TypedValue>> {
  const vocabulary: SmallVocabulary = [
    ...[["<|begin|>", 3] as const, ["<|end|>", 3] as const],
    ...byteCharacters().map((character) => [character, 1] as const),
    ...merges.map((merge) => [merge.replace(" ", ""), 1] as const),
  ];
  return {
    "tokenizer.ggml.model": value.text("gpt2"),
    ...(pre !== undefined && { "tokenizer.ggml.pre": value.text(pre) }),
    ...tokenKeys(vocabulary),
    "tokenizer.ggml.merges": texts(merges),
    "tokenizer.ggml.bos_token_id": value.uint32(0),
    "tokenizer.ggml.eos_token_id": value.uint32(1),
  };
}

/** A SentencePiece tokenizer: unknown, first and last token, the 256 bytes, and these tokens. */
export function sentencePieceKeys(tokens: SmallVocabulary): Readonly<Record<string, TypedValue>> {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  const vocabulary: SmallVocabulary = [
    ...[["<unk>", 2] as const, ["<s>", 3] as const, ["</s>", 3] as const],
    ...bytes.map((byte) => [`<0x${byte}>`, 6] as const),
    ...tokens,
  ];
  return {
    "tokenizer.ggml.model": value.text("llama"),
    ...tokenKeys(vocabulary),
    "tokenizer.ggml.scores": value.list(vocabulary.map(([, , score = 0]) => value.float32(score))),
    "tokenizer.ggml.unknown_token_id": value.uint32(0),
    "tokenizer.ggml.bos_token_id": value.uint32(1),
    "tokenizer.ggml.eos_token_id": value.uint32(2),
  };
}
