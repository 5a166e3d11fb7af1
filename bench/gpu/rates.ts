/** Rates of timed answers. */
import type { TimedAnswer } from "./runtime";

/** Milliseconds until the first token. */
export function firstTokenMs({ startedAt, at }: Pick<TimedAnswer, "startedAt" | "at">): number {
  return (at[0] ?? NaN) - startedAt;
}

/** Tokens per second after the first. */
export function decodeRate({ at }: Pick<TimedAnswer, "at">): number {
  return (1000 * (at.length - 1)) / ((at.at(-1) ?? NaN) - at[0]!);
}

/**
 * Tokens per second of several answers together, while all of them run: from the moment when the last of them has begun to the
 * first end. Without such a time, as where some answers wait for others, it is the rate over the whole time (`waited`).
 */
export function togetherRate(answers: readonly Pick<TimedAnswer, "startedAt" | "at">[]): {
  rate: number;
  waited: boolean;
} {
  const from = Math.max(...answers.map(({ at }) => at[0] ?? NaN));
  const to = Math.min(...answers.map(({ at }) => at.at(-1) ?? NaN));
  const within = answers.reduce((sum, { at }) => sum + at.filter((time) => time > from && time <= to).length, 0);
  if (within >= answers.length) return { rate: (1000 * within) / (to - from), waited: false };
  const [start, end] = [
    Math.min(...answers.map(({ startedAt }) => startedAt)),
    Math.max(...answers.map(({ at }) => at.at(-1) ?? NaN)),
  ];
  const all = answers.reduce((sum, { at }) => sum + at.length, 0);
  return { rate: (1000 * all) / (end - start), waited: true };
}
