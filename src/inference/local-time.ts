/** The time of the person who asks, which chat templates write into prompts. */

/** The local date and time of day, such as `2026-11-30T05:39:09`, without a time zone. */
export function localTime(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
