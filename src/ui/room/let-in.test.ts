import { expect, test } from "vitest";
import { letInText } from "./let-in";

const admittedAt = new Date(2026, 4, 1, 12).getTime();

test("the people of a removed member have the day on which they came, and who let them in", () => {
  expect(letInText({ admittedAt }, undefined)).toBe("let in on May 1, 2026");
  expect(letInText({ admittedAt }, "Ben")).toBe("let in on May 1, 2026 by “Ben”");
  expect(letInText({ admittedAt: undefined }, "Ben")).toBe("let in by “Ben”");
  expect(letInText({ admittedAt: undefined }, undefined)).toBe("");
});

test("a day to come, or one that no calendar has, is not shown", () => {
  for (const made of [Date.now() + 2 * 86_400_000, 2 ** 53])
    expect(letInText({ admittedAt: made }, "Ben")).toBe("let in by “Ben”");
});
