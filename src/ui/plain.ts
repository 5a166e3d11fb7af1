/** Text that strangers chose (names, purposes, rules), made harmless to show: what cannot be seen is left out. */

/** Controls, direction marks, line separators, private and unassigned characters; joiners, which scripts need, stay. */
const UNSEEN = /[\p{Cc}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
/** More marks on one letter than any script uses; they would cover the lines above and below. */
const PILED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** A text in one line: a line break, as other white space, becomes a blank. Show it inside `<bdi>`. */
export function plain(text: string): string {
  return text.replace(/\s+/gu, " ").replace(UNSEEN, "").replace(PILED_MARKS, "$1").trim();
}

/** A text of several lines, of which at most one in a row is empty. Show it with `white-space: pre-line`. */
export function plainLines(text: string): string {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/u).map(plain);
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
