import { describe, expect, it } from "vitest";
import { halfToNumber, readFloats } from "./floats";

describe("halves", () => {
  it.each([
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, Number.NaN],
  ])("with the bits %i are read as %d", (bits, value) => {
    expect(halfToNumber(bits)).toBe(value);
    expect([...readFloats("float16", Uint8Array.of(bits & 0xff, bits >> 8))]).toEqual([Math.fround(value)]);
  });

  it("are read from any place in memory", () => {
    expect([...readFloats("float16", Uint8Array.of(7, 0x00, 0x3c, 0x00, 0xc0, 7).subarray(1, 5))]).toEqual([1, -2]);
  });
});
