import { describe, expect, test } from "vitest";
import { arcPath, pointAt, ringOf } from "./ring";

describe("ringOf", () => {
  test("goes round once, with a hop after each stop, and the first stop centred at the top", () => {
    const arcs = ringOf([
      { ms: 6, hopMs: 4 },
      { ms: 10, hopMs: 13 },
      { ms: 15, hopMs: 9 },
    ]);
    const [first, , last] = arcs;
    expect(first!.from + first!.to).toBeCloseTo(0);
    expect(last!.next - first!.from).toBeCloseTo(360);
    for (const [index, arc] of arcs.entries()) {
      expect(arc.to).toBeGreaterThan(arc.from);
      expect(arc.next).toBeGreaterThan(arc.to);
      expect(arcs[index + 1]?.from ?? arc.next).toBeCloseTo(arc.next);
    }
  });

  test("draws a longer arc for more time, and a visible arc for no time", () => {
    const [short, long, none] = ringOf([
      { ms: 1, hopMs: 0 },
      { ms: 10, hopMs: 0 },
      { ms: 0, hopMs: 5 },
    ]).map(({ from, to }) => to - from);
    expect(long).toBeGreaterThan(short!);
    expect(none).toBeGreaterThan(10);
  });

  test("has room for many stops, and draws unknown times alike", () => {
    const arcs = ringOf(Array.from({ length: 40 }, () => ({ ms: undefined, hopMs: undefined })));
    expect(arcs.at(-1)!.next - arcs[0]!.from).toBeCloseTo(360);
    expect(arcs[39]!.to - arcs[39]!.from).toBeCloseTo(arcs[0]!.to - arcs[0]!.from);
  });
});

test("starts at the top and goes clockwise", () => {
  const [x, y] = pointAt(90, 10);
  expect(pointAt(0, 10)[1]).toBeCloseTo(-10);
  expect([x, y]).toEqual([expect.closeTo(10), expect.closeTo(0)]);
});

test("draws nothing for an empty path, and goes the long way beyond half a turn", () => {
  expect(arcPath(10, 10, 5)).toBe("");
  expect(arcPath(0, 90, 5)).toContain(" 0 0 1 ");
  expect(arcPath(0, 200, 5)).toContain(" 0 1 1 ");
});
