import { expect, test } from "vitest";
import { dayField, lastMoment } from "./dates";

const noon = new Date(2026, 4, 3, 12);

test("the last day counts to its end, in the local time zone", () => {
  expect(lastMoment("2026-05-03", noon.getTime())).toEqual(new Date(2026, 4, 3, 23, 59, 59, 999));
  expect(lastMoment("2026-05-02", noon.getTime())).toBe("The last day is in the past.");
  expect(lastMoment("soon", noon.getTime())).toBe("The last day is not a valid date.");
  expect(lastMoment("", noon.getTime())).toBeUndefined();
});

test("days are counted over months and years", () => {
  expect(dayField(0, noon)).toBe("2026-05-03");
  expect(dayField(365, noon)).toBe("2027-05-03");
});
