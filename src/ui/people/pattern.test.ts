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

test("the grounds of a few people nearly always differ at a glance", () => {
  const alike = (a: string, b: string): boolean => {
    const [first, second] = [patternOf(a), patternOf(b)];
    const apart = Math.abs(first.hue - second.hue);
    return Math.min(apart, 360 - apart) < 15 && first.lightness === second.lightness;
  };
  const pairs = dids.slice(1).filter((did, index) => alike(did, dids[index]!));
  expect(pairs.length / dids.length).toBeLessThan(0.04);
});

test("cells are never drawn in the hue of the ground", () => {
  for (const did of dids) {
    const { hue, cellHue } = patternOf(did);
    const apart = Math.abs(hue - cellHue);
    expect(Math.min(apart, 360 - apart)).toBeGreaterThanOrEqual(90);
  }
});
