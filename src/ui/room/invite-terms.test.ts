import { expect, test } from "vitest";
import { readUses } from "./invite-terms";

test("uses are a number from 1 up, or any number", () => {
  expect(readUses("")).toBeUndefined();
  expect(readUses("3")).toBe(3);
  for (const wrong of ["0", "-1", "2.5", "x", "10001"]) expect(readUses(wrong)).toContain("whole number");
});
