/** The limits of an invite, as they are typed. */

/** Most uses of one invite. */
const MAX_USES = 10_000;

/** A number of uses, undefined for any number, or a sentence that says what is wrong. */
export function readUses(text: string): number | undefined | string {
  if (text === "") return undefined;
  const uses = Number(text);
  return /^\d+$/.test(text) && uses >= 1 && uses <= MAX_USES
    ? uses
    : `How many may use it is a whole number from 1 to ${MAX_USES.toLocaleString("en")}, or empty for any number.`;
}
