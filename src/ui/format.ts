/** Writes numbers, sizes and days for people. */
import { formatBytes, formatExpectedRate, formatRate } from "../core";
import type { LoadProgress } from "../grid";

export { formatBytes, formatExpectedRate, formatRate };

/** A size that may be unknown. */
export function formatSize(bytes: number | undefined): string {
  return bytes === undefined ? "size unknown" : formatBytes(bytes);
}

/** Milliseconds as `40 ms`, `1.2 s`, `3 min`, `2 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`;
}

/** The part of a load that is done, in percent; undefined while its size is unknown. */
export function percentOf({ loadedBytes, totalBytes }: LoadProgress): number | undefined {
  return totalBytes > 0 ? Math.floor((100 * loadedBytes) / totalBytes) : undefined;
}

/** Tokens of a context, such as `4k` for 4096. */
export function formatTokens(tokens: number): string {
  return tokens >= 1024 ? `${Math.round(tokens / 1024)}k` : String(tokens);
}

/** The day of a time, as a heading for lists: Today, Yesterday, Previous 7 days, or the month. */
export function formatDay(time: number, now: number = Date.now()): string {
  const days = Math.round((startOfDay(now) - startOfDay(time)) / 86_400_000);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days <= 7) return "Previous 7 days";
  return new Intl.DateTimeFormat("en", { month: "long", year: "numeric" }).format(time);
}

function startOfDay(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}
