import { expect, test } from "vitest";
import { lastMoment, readUses, today } from "./invite-terms";

test("uses are a number from 1 up, or any number", () => {
  expect(readUses("")).toBeUndefined();
  expect(readUses("3")).toBe(3);
  for (const wrong of ["0", "-1", "2.5", "x", "10001"]) expect(readUses(wrong)).toContain("whole number");
});

test("the last day counts to its end, where one lives", () => {
  const noon = new Date(2026, 4, 3, 12);
  expect(today(noon)).toBe("2026-05-03");
  expect(lastMoment("2026-05-03", noon.getTime())).toEqual(new Date(2026, 4, 3, 23, 59, 59, 999));
  expect(lastMoment("2026-05-02", noon.getTime())).toBe("The last day is over already.");
  expect(lastMoment("soon", noon.getTime())).toBe("The last day is no date.");
  expect(lastMoment("", noon.getTime())).toBeUndefined();
});
