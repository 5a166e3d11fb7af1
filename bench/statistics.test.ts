import { describe, expect, test } from "vitest";
import { pairedRatio, spread } from "./statistics";

describe("spread", () => {
  test("contains median, quartiles and maximum, in whatever order the values come", () => {
    expect(spread([5, 1, 4, 2, 3])).toMatchObject({ median: 3, low: 2, high: 4, max: 5 });
    expect(spread([4, 1]).median).toBe(2.5);
  });

  test("refuses an empty list, and leaves out values that are not numbers", () => {
    expect(() => spread([])).toThrow("no samples");
    expect(spread([NaN, 7]).median).toBe(7);
  });
});

test("cancels a slowdown that affects both sides of a pair", () => {
  expect(pairedRatio([10, 5, 1], [20, 10, 2])).toMatchObject({ median: 0.5, low: 0.5, high: 0.5 });
});
