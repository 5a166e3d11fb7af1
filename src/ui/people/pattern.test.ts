import { expect, test } from "vitest";
import { GROUNDS, PATTERN_SIDE, patternOf, patternsOf } from "./pattern";

const dids = Array.from({ length: 2000 }, (_, index) => `did:key:z6Mk${(index * 7919 + 1).toString(36)}`);

test("a key has one pattern, which is symmetric", () => {
  for (const did of dids.slice(0, 50)) {
    const { cells } = patternOf(did);
    expect(patternOf(did).cells).toEqual(cells);
    const drawn = new Set(cells.map(String));
    for (const [column, row] of cells) expect(drawn.has(String([PATTERN_SIDE - 1 - column, row]))).toBe(true);
  }
});

const groundsOf = (patterns: ReturnType<typeof patternsOf>): Set<string> =>
  new Set([...patterns.values()].map(({ hue, lightness }) => `${hue} ${lightness}`));

test("the members of a room have grounds of different colours as long as there are enough", () => {
  for (let start = 0; start + GROUNDS <= dids.length; start += GROUNDS) {
    expect(groundsOf(patternsOf(dids.slice(start, start + GROUNDS))).size).toBe(GROUNDS);
  }
});

test("no two members of the largest room look the same", () => {
  const looks = new Set([...patternsOf(dids).values()].map((pattern) => JSON.stringify(pattern)));
  expect(looks.size).toBe(dids.length);
});

test("every page shows the same members with the same patterns, in whatever order it knows them", () => {
  const some = dids.slice(0, 40);
  expect(patternsOf(some.toReversed())).toEqual(patternsOf([...some, some[0]!]));
});

test("a member whose colours nobody else has looks the same in a room as by itself", () => {
  const [alone = ""] = dids;
  expect(patternsOf([alone]).get(alone)).toEqual(patternOf(alone));
});

test("cells are never drawn in the hue of the ground", () => {
  for (const did of dids) {
    const { hue, cellHue } = patternOf(did);
    const apart = Math.abs(hue - cellHue);
    expect(Math.min(apart, 360 - apart)).toBeGreaterThanOrEqual(90);
  }
});
