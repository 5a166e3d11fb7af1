/**
 * How byte-level tokenizers split texts, for comparing with llama.cpp: texts, and a vocabulary whose tokens cross all borders, so that
 * each split that is missing or too many gives other tokens.
 */
import { byteCharacters, byteLevelKeys } from "../../src/gguf/testing/vocabularies";
import { value, writeGguf } from "../../src/gguf/testing/writer";
import { awkwardTexts } from "./references/inputs";

/** One name for each way to split. */
export const SPLIT_KINDS = [
  ...["gpt-2", "smollm", "llama-bpe", "qwen2", "qwen35", "gpt-4o", "tekken", "deepseek-v3", "deepseek-coder"],
  ...["bailingmoe", "seed-coder", "bloom", "viking", "falcon", "default"],
] as const;

const MERGES = 1000;
/** Merges that are found in one round. */
const AT_ONCE = 10;
/** Characters of the texts: long ones repeat themselves. */
const MAX_LENGTH = 200;

const SAMPLES = [
  "I'LL we'Re don'T X'S 'tis",
  "a  b   c\t\td \n e\r\n\r\nf   ",
  "日本語テキスト12345ab，。！",
  "e\u0301a\u0308 हिन्दी বাংলা ไทย",
  "HelloWorld HTTPServer iPhoneX ÀÉîÕ ǅ ʰ",
  "x\u00A0y\u3000z\u2028w \u200B q",
  "1,234,567.89 ٣٤٥ ²³ Ⅷ½",
  "!!!???...\n\n\n//\n/ #$%^&*()_+",
];

/**
 * The texts that are compared for a kind. llama.cpp's patterns for some kinds are no more than similar to those of the models, which
 * ours are: they take letters beyond ASCII for both small and capital ones, and marks for no letters, or they take spaces beyond ASCII
 * out of a range.
 */
export function splitTexts(kind?: string): readonly string[] {
  const texts = [...SAMPLES, ...awkwardTexts(400).filter(({ length }) => length <= MAX_LENGTH)];
  if (kind === "gpt-4o" || kind === "tekken") return texts.filter((text) => !/(?![a-z])[\p{L}\p{M}]/iu.test(text));
  if (kind === "deepseek-coder") return texts.filter((text) => !/(?![\t-\r ])\p{White_Space}/u.test(text));
  return texts;
}

/** The tokenizer of a kind as a GGUF file, of which llama.cpp can load the vocabulary. */
export function splitGguf(kind: string, merges: readonly string[]): Uint8Array<ArrayBuffer> {
  return writeGguf({
    "general.architecture": value.text("llama"),
    ...{ "llama.block_count": value.uint32(1), "llama.context_length": value.uint32(64) },
    ...{ "llama.embedding_length": value.uint32(64), "llama.feed_forward_length": value.uint32(64) },
    ...{ "llama.attention.head_count": value.uint32(2) },
    "llama.attention.layer_norm_rms_epsilon": value.float32(1e-5),
    ...byteLevelKeys(kind, merges),
  });
}

/** Merges of the most frequent neighbours in the texts, as training finds them, but without splitting the texts. */
export function crossingMerges(): readonly string[] {
  const characters = byteCharacters();
  let words = splitTexts().map((text) => Array.from(new TextEncoder().encode(text), (byte) => characters[byte]!));
  const merges: string[] = [];
  const tokens = new Set(characters);
  while (merges.length < MERGES) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let at = 0; at + 1 < word.length; at++) {
        const pair = `${word[at]} ${word[at + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const best = [...counts]
      .filter(([pair]) => !tokens.has(pair.replace(" ", "")))
      .sort(([one, often], [other, oftener]) => oftener - often || (one < other ? -1 : 1));
    for (const [pair] of best.slice(0, AT_ONCE)) {
      const [left = "", right = ""] = pair.split(" ");
      if (tokens.has(left + right)) continue;
      tokens.add(left + right);
      merges.push(pair);
      words = words.map((word) => joinedPairs(word, left, right));
    }
  }
  return merges;
}

function joinedPairs(word: readonly string[], left: string, right: string): string[] {
  const joined: string[] = [];
  for (let at = 0; at < word.length; at++) {
    const isPair = word[at] === left && word[at + 1] === right;
    joined.push(isPair ? left + right : word[at]!);
    if (isPair) at++;
  }
  return joined;
}
