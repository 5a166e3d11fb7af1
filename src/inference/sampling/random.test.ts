import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { philox, uniformAt } from "./random";

describe("philox", () => {
  // Known answers from the authors' Random123 distribution (kat_vectors, philox4x32 10).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)("returns the published words for counter %j", (counter, key, words) => {
    expect(philox(counter, key)).toEqual(words);
  });
});

describe("uniformAt", () => {
  it("depends on seed and position only, and lies in [0, 1)", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.nat(1e6), (seed, position) => {
        const value = uniformAt(seed, position);
        expect(uniformAt(seed, position)).toBe(value);
        expect(value >= 0 && value < 1).toBe(true);
        expect(uniformAt(seed, position + 1)).not.toBe(value);
        expect(uniformAt(seed + 1 === seed ? 0.5 : seed + 1, position)).not.toBe(value);
      }),
    );
  });

  it("is uniform: each tenth gets its share", () => {
    const tenths = new Array<number>(10).fill(0);
    for (let position = 0; position < 20_000; position++) {
      const tenth = Math.floor(uniformAt(42, position) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(200); // 4.7 standard deviations
  });
});
