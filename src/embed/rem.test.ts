import { expect, test } from "vitest";
import { replaceRem } from "./rem";

test("lengths in rem become multiples of the element's own unit, and nothing else changes", () => {
  expect(replaceRem("padding: 0.5rem -1rem .25rem")).toBe(
    "padding: calc(0.5 * var(--mg-rem)) calc(-1 * var(--mg-rem)) calc(0.25 * var(--mg-rem))",
  );
  expect(replaceRem("width: min(46rem, 100vw)")).toBe("width: min(calc(46 * var(--mg-rem)), 100vw)");
  expect(replaceRem("margin: 2em 1px; --size-2rem: 0; .x3rem {}")).toBe("margin: 2em 1px; --size-2rem: 0; .x3rem {}");
});
