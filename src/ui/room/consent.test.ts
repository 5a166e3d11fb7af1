import { expect, test } from "vitest";
import { endedText } from "./consent";

test("an invite that has ended says when, and one that holds says nothing", () => {
  expect(endedText({ ends: new Date(2020, 10, 20) })).toBe(
    "This invite ended on November 20, 2020. Ask for a new one.",
  );
  expect(endedText({ ends: new Date(Date.now() + 60_000) })).toBeUndefined();
});
