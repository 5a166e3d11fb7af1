import { expect, test } from "vitest";
import { Budget } from "./budget";

test("rows run while there is time, and those that would take longer are named", async () => {
  let now = 0;
  const budget = new Budget(100, () => now);
  expect(await budget.run("first", 0, async () => (now = 60))).toBe(60);
  expect(await budget.run("long", 41, async () => "long")).toBeUndefined();
  expect(await budget.run("short", 40, async () => (now = 100))).toBe(100);
  expect(await budget.run("late", 0, async () => "late")).toBeUndefined();
  expect(budget.leftMs).toBe(0);
  expect(budget.dropped).toEqual(["long", "late"]);
});

test("a part has its share of what is left, and names its rows to the whole", async () => {
  let now = 0;
  const budget = new Budget(100, () => now);
  now = 20;
  const part = budget.share(0.5);
  expect(part.leftMs).toBe(40);
  now = 60;
  expect(await part.run("row", 0, async () => "row")).toBeUndefined();
  expect(budget.leftMs).toBe(40);
  expect(budget.dropped).toEqual(["row"]);
});

test("a row that does not end is given up when the time is over", async () => {
  const budget = new Budget(5);
  expect(await budget.run("endless", 0, () => new Promise(() => undefined))).toBeUndefined();
  expect(budget.dropped).toEqual(["endless (not done in time)"]);
});

test("errors of a row are those of the row", async () => {
  const budget = new Budget(1000);
  await expect(budget.run("row", 0, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(budget.dropped).toEqual([]);
});
