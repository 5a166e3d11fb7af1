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

/** The end of a day that is written as `2026-12-31`, undefined for none, or a sentence that says what is wrong. */
export function lastMoment(text: string, now = Date.now()): Date | undefined | string {
  if (text === "") return undefined;
  const match = /^(\d{4,6})-(\d\d)-(\d\d)$/.exec(text);
  const day = match ? new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]), 23, 59, 59, 999) : undefined;
  if (!day || Number.isNaN(day.getTime())) return "The last day is no date.";
  return day.getTime() > now ? day : "The last day is over already.";
}

/** Today, as fields for dates write it. */
export function today(now = new Date()): string {
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
