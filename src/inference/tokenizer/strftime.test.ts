import { describe, expect, it } from "vitest";
import { strftime } from "./strftime";

describe("strftime", () => {
  it.each([
    ["%d %b %Y", "03 Sep 2026"],
    ["%B %-d, %Y", "September 3, 2026"],
    ["%A %a %w %u", "Thursday Thu 4 4"],
    ["%F %T", "2026-09-03 00:07:05"],
    ["%I:%M %p, %-H h", "12:07 AM, 0 h"],
    ["%j %y %e", "246 26  3"],
    ["100%% %Q", "100% %Q"],
  ])("writes %s as Python does", (format, expected) => {
    expect(strftime("2026-09-03T00:07:05", format)).toBe(expected);
  });
});
