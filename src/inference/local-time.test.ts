import { afterEach, describe, expect, it, vi } from "vitest";
import { localTime } from "./local-time";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("localTime", () => {
  it.each([
    ["Asia/Tokyo", "2026-11-30T14:39:09"],
    ["America/Los_Angeles", "2026-11-29T21:39:09"],
  ])("is the time in %s", (zone, expected) => {
    vi.stubEnv("TZ", zone);
    expect(localTime(new Date("2026-11-30T05:39:09.500Z"))).toBe(expected);
  });
});
