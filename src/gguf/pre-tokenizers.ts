/**
 * How byte-level tokenizers split a text into words, by the names that GGUF files have for it (`tokenizer.ggml.pre`). Source of
 * names, patterns and defaults: `src/llama-vocab.cpp` of llama.cpp at commit 00ad355. Where its patterns are adapted to the
 * regular expressions of C++, this file has those of the models' own `tokenizer.json`, which it quotes.
 */
import { quoted } from "../core";
import { unsupportedGguf } from "./errors";

/** A way to split texts, and what else depends on it. */
interface PreTokenizer {
  /** Steps of the `pre_tokenizer` in `tokenizer.json`. */
  readonly steps: readonly unknown[];
  /** Whether a word that is a token stays whole, however its merges would join it. */
  readonly ignoreMerges: boolean;
  /** Whether texts begin with the first token, unless the file says otherwise. */
  readonly addBos: boolean;
}

/** Cuts out everything that the pattern matches; the rest stays between. */
const split = (regex: string): unknown => ({
  ...{ type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false },
});

/** Writes the bytes of words as characters, after splitting them as GPT-2 does if `useRegex`. */
const byteLevel = (useRegex: boolean): unknown => ({
  ...{ type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: useRegex },
});

/** The pattern of GPT-2 is part of the step `ByteLevel`. */
const GPT2 = [byteLevel(true)];
/** The same as a step of its own, where other steps follow. */
const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const GPT2_DIGITS = [{ type: "Digits", individual_digits: true }, ...GPT2];

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const SIGNS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
const WORDS = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
/** Words that begin with capitals, and words in capitals. */
const CASED_WORDS = (ending: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+${ending}|` +
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*${ending}`;
const SIGNS_OR_SLASHES = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*";

/** Splits by patterns one after the other, each of which works on the pieces of the one before. */
const patterns = (...regexes: string[]): readonly unknown[] => [...regexes.map(split), byteLevel(false)];
const either = (...alternatives: string[]): readonly unknown[] => patterns(alternatives.join("|"));

const LLAMA3 = either(CONTRACTIONS, WORDS, "\\p{N}{1,3}", SIGNS, SPACES);
const QWEN2 = either(CONTRACTIONS, WORDS, "\\p{N}", SIGNS, SPACES);
const GPT4O = either(CASED_WORDS(`${CONTRACTIONS}?`), "\\p{N}{1,3}", SIGNS_OR_SLASHES, SPACES);
const TEKKEN = either(CASED_WORDS(""), "\\p{N}", SIGNS_OR_SLASHES, SPACES);
const QWEN35 = either(
  ...[CONTRACTIONS, "[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+", "\\p{N}"],
  ...[" ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*", SPACES],
);
const BAILING = either(
  ...["'(?i:[sdmt]|ll|ve|re)", WORDS, "\\p{N}", SIGNS],
  ...["\\s*[\\r\\n]", "\\s+(?!\\S)", "\\s+"],
);
const SEED_CODER = either(CONTRACTIONS, WORDS, "\\p{N}", " ?[^\\s\\p{L}\\p{N}\\r\\n]+", SPACES);
const BLOOM = either(" ?[^(\\s|.,!?…。，、।۔،)]+");
const DEEPSEEK3 = patterns(
  "\\p{N}{1,3}",
  "[一-龥\\u3040-ゟ゠-ヿ]+",
  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|" +
    ` ?[\\p{P}\\p{S}]+[\\r\\n]*|${SPACES}`,
);
const DEEPSEEK_CODER = patterns("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-\\uD7FF]+", "\\p{N}");
const FALCON = [split("[\\p{P}$+<=>^~|`]+"), split(GPT2_PATTERN), split("[0-9][0-9][0-9]"), byteLevel(false)];
const DEFAULT = [
  ...[split("[\\p{P}$+<=>^~|]+"), split(GPT2_PATTERN), split("\\p{N}+"), split("[0-9][0-9][0-9]")],
  byteLevel(false),
];

/** Names by their steps. */
const STEPS: readonly (readonly [steps: readonly unknown[], names: readonly string[]])[] = [
  [
    GPT2,
    [
      ...["gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "gigachat", "a.x-4.0"],
      ...["mellum", "modern-bert", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en", "jina-v2-code"],
      "roberta-bpe",
    ],
  ],
  [GPT2_DIGITS, ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"]],
  [
    LLAMA3,
    [
      ...["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"],
      ...["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"],
    ],
  ],
  [QWEN2, ["qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2"]],
  [QWEN35, ["qwen35"]],
  [GPT4O, ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"]],
  [TEKKEN, ["tekken"]],
  [DEEPSEEK3, ["deepseek-v3", "hunyuan-dense", "joyai-llm"]],
  [DEEPSEEK_CODER, ["deepseek-coder"]],
  [BAILING, ["bailingmoe", "bailingmoe2", "llada-moe"]],
  [SEED_CODER, ["seed-coder"]],
  [BLOOM, ["bloom", "poro-chat", "gpt3-finnish"]],
  [patterns(" ?[^(\\s|.,!?…。，、।۔،)]+", "\\p{N}"), ["viking"]],
  [FALCON, ["falcon"]],
  [DEFAULT, ["default"]],
];

/** Names whose words stay whole where they are tokens, and whose texts begin with the first token. */
const WHOLE_WORDS: readonly string[] = [
  ...["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"],
  "tekken",
];

/** How texts are split under a name; files without one are split as `default`. Throws `unsupported-model` for an unknown name. */
export function preTokenizer(name = "default"): PreTokenizer {
  const steps = STEPS.find(([, names]) => names.includes(name))?.[0];
  if (!steps) throw unsupportedGguf(`its tokenizer splits texts in a way that is not known here, ${quoted(name)}`);
  const whole = WHOLE_WORDS.includes(name);
  return { steps, ignoreMerges: whole, addBos: whole };
}
