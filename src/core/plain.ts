/** Makes text chosen by strangers (names, purposes, rules) safe to show by removing invisible characters. */

/** Control characters, direction marks, line separators, private and unassigned characters, but not joiners. */
const UNSEEN = /[\p{Cc}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
/** More combining marks on one letter than any script uses; they would cover the lines above and below. */
const PILED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** A text on one line; line breaks and other white space become single spaces. Show it inside `<bdi>`. */
export function plain(text: string): string {
  return text.replace(/\s+/gu, " ").replace(UNSEEN, "").replace(PILED_MARKS, "$1").trim();
}

/** A text of several lines with at most one empty line in a row. Show it with `white-space: pre-line`. */
export function plainLines(text: string): string {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/u).map(plain);
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
