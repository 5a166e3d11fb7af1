/**
 * Lets tokenizers split text at the digits of all scripts. The library (`@huggingface/tokenizers` 0.2) knows only those of
 * ASCII, but in `tokenizer.json` the step `Digits` means all numbers of Unicode, such as ² and ٣.
 */

/** The content of a `tokenizer.json`, with every step `Digits` written as a split at a pattern, which means the same. */
export function withAllDigits<T extends object>(file: T & { readonly pre_tokenizer?: unknown }): T {
  return { ...file, pre_tokenizer: rewritten(file.pre_tokenizer) };
}

function rewritten(step: unknown): unknown {
  if (typeof step !== "object" || step === null || !("type" in step)) return step;
  if (step.type === "Sequence" && "pretokenizers" in step && Array.isArray(step.pretokenizers)) {
    return { ...step, pretokenizers: step.pretokenizers.map(rewritten) };
  }
  if (step.type !== "Digits") return step;
  const alone = "individual_digits" in step && step.individual_digits === true;
  return { type: "Split", pattern: { Regex: alone ? "\\p{N}" : "\\p{N}+" }, behavior: "Isolated", invert: false };
}
