import { expect, test } from "vitest";
import { PATTERN_SIDE, patternOf } from "./pattern";

const dids = Array.from({ length: 2000 }, (_, index) => `did:key:z6Mk${(index * 7919 + 1).toString(36)}`);

test("a key has one pattern, which is symmetric", () => {
  for (const did of dids.slice(0, 50)) {
    const { cells } = patternOf(did);
    expect(patternOf(did).cells).toEqual(cells);
    const drawn = new Set(cells.map(String));
    for (const [column, row] of cells) expect(drawn.has(String([PATTERN_SIDE - 1 - column, row]))).toBe(true);
  }
});

test("keys that differ in one character look different", () => {
  const looks = new Set(dids.map((did) => JSON.stringify(patternOf(did))));
  expect(looks.size).toBe(dids.length);
});

test("cells are never drawn in the hue of the ground", () => {
  for (const did of dids) {
    const { hue, cellHue } = patternOf(did);
    const apart = Math.abs(hue - cellHue);
    expect(Math.min(apart, 360 - apart)).toBeGreaterThanOrEqual(90);
  }
});
