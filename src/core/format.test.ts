import { describe, expect, test } from "vitest";
import { formatBytes } from "./format";

describe("formatBytes", () => {
  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [5_578_695, "5.6 MB"],
    [99_960_000, "100 MB"],
    [123_456_789, "123 MB"],
    [999_600, "1.0 MB"],
    [999_960_000, "1.0 GB"],
    [4_200_000_000, "4.2 GB"],
    [2.5e15, "2500 TB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
