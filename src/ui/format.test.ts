import { describe, expect, test } from "vitest";
import { formatDay, formatDuration, formatRate, formatSize, formatTokens } from "./format";

describe("formats", () => {
  test("a size may be unknown", () => {
    expect([formatSize(5_580_000), formatSize(undefined)]).toEqual(["5.6 MB", "size unknown"]);
  });

  test.each([
    [41.6, "42 ms"],
    [1234, "1.2 s"],
    [61_000, "61 s"],
    [200_000, "3 min"],
    [9_000_000, "3 h"],
  ])("%s ms are %s", (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });

  test("rates and contexts", () => {
    expect([formatRate(1.52), formatRate(71.4), formatTokens(4096), formatTokens(512)]).toEqual([
      "1.5 tokens/s",
      "71 tokens/s",
      "4k",
      "512",
    ]);
  });

  test("days are counted by the calendar, not by 24 hours", () => {
    const now = new Date(2026, 10, 21, 0, 30).getTime();
    expect(formatDay(now - 3_600_000, now)).toBe("Yesterday");
    expect(formatDay(now - 60_000, now)).toBe("Today");
    expect(formatDay(now - 5 * 86_400_000, now)).toBe("Previous 7 days");
    expect(formatDay(new Date(2026, 8, 2).getTime(), now)).toBe("September 2026");
  });
});
