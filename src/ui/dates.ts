/** Reads and shows days. */

/** The end of a day written as `2026-12-31`, undefined for an empty text, or a sentence that says what is wrong. */
export function lastMoment(text: string, now = Date.now()): Date | undefined | string {
  if (text === "") return undefined;
  const match = /^(\d{4,6})-(\d\d)-(\d\d)$/.exec(text);
  const day = match ? new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]), 23, 59, 59, 999) : undefined;
  if (!day || Number.isNaN(day.getTime())) return "The last day is not a valid date.";
  return day.getTime() > now ? day : "The last day is in the past.";
}

/** A day in the format of date fields, `later` days from today. */
export function dayField(later = 0, now = new Date()): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + later);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** A day to show, such as `May 1, 2027`; `time` in milliseconds since 1970. */
export function dayText(time: number): string {
  return new Date(time).toLocaleDateString("en", { dateStyle: "medium" });
}
