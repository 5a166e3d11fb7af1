import { expect, test } from "vitest";
import { remToPx } from "./rem";

test("lengths stop depending on the root's font size, and nothing else changes", () => {
  expect(remToPx("a{padding:.25rem 1.5rem 2em;width:min(46rem,100%);--rem-x:var(--3rem);margin:-0.5rem}")).toBe(
    "a{padding:4px 24px 2em;width:min(736px,100%);--rem-x:var(--3rem);margin:-8px}",
  );
});
