import { describe, expect, it } from "vitest";
import { chooseEncoding } from "./compression.mjs";

describe("chooseEncoding", () => {
  it.each([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate", "gzip"],
    ["br;q=0, gzip", "gzip"],
    ["br;q=0.5", "br"],
    ["identity", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%j gives %s", (header, expected) => {
    expect(chooseEncoding(header)).toBe(expected);
  });
});
