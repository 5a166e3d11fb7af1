/**
 * Lets tokenizers split text at the digits and spaces of all scripts. Two steps of the library (`@huggingface/tokenizers` 0.2)
 * differ from what they mean in `tokenizer.json`: `Digits` knows only those of ASCII, and `ByteLevel` has JavaScript's spaces, which
 * include U+FEFF but not U+0085. The library's patterns have those of Unicode.
 */

/** The pattern by which `ByteLevel` splits a text, which is that of GPT-2. */
const WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The content of a `tokenizer.json`, with such steps written as splits at a pattern, which mean the same. */
export function withUnicodeSteps<T extends object>(file: T & { readonly pre_tokenizer?: unknown }): T {
  return { ...file, pre_tokenizer: rewritten(file.pre_tokenizer) };
}

function rewritten(step: unknown): unknown {
  if (typeof step !== "object" || step === null || !("type" in step)) return step;
  if (step.type === "Sequence" && "pretokenizers" in step && Array.isArray(step.pretokenizers)) {
    return { ...step, pretokenizers: step.pretokenizers.map(rewritten) };
  }
  if (step.type === "Digits") {
    return split("individual_digits" in step && step.individual_digits === true ? "\\p{N}" : "\\p{N}+");
  }
  // The space before a text would otherwise come before each word.
  const plain = !("add_prefix_space" in step && step.add_prefix_space === true);
  if (step.type === "ByteLevel" && plain && !("use_regex" in step && step.use_regex === false)) {
    return { type: "Sequence", pretokenizers: [split(WORDS), { ...step, use_regex: false }] };
  }
  return step;
}

function split(regex: string): unknown {
  return { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
}
