/** Reads the limits of an invite. */

/** The most uses of one invite. */
const MAX_USES = 10_000;

/** The number of uses, undefined for an empty text (any number), or a sentence that says what is wrong. */
export function readUses(text: string): number | undefined | string {
  if (text === "") return undefined;
  const uses = Number(text);
  return /^\d+$/.test(text) && uses >= 1 && uses <= MAX_USES
    ? uses
    : `Enter a whole number from 1 to ${MAX_USES.toLocaleString("en")}, or leave it empty for any number of uses.`;
}
