/** Maps that drop their oldest entries. */
import { expect, test } from "vitest";
import { putNewest } from "./bounded";

test("the oldest entry is dropped, and an entry that is put again is the newest", () => {
  const map = new Map<string, number>();
  for (const key of ["a", "b", "c"]) putNewest(map, key, 1, 3);
  putNewest(map, "a", 2, 3);
  putNewest(map, "d", 1, 3);
  expect([...map]).toEqual([
    ["c", 1],
    ["a", 2],
    ["d", 1],
  ]);
});
