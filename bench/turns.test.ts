import { expect, test } from "vitest";
import { inTurns } from "./turns";

test("two sides take turns in alternating order, and the first round is not counted", async () => {
  const order: string[] = [];
  const side = (name: string) => () => Promise.resolve(order.push(name));
  const { a, b } = await inTurns(2, side("a"), side("b"));
  expect(order).toEqual(["b", "a", "a", "b", "b", "a"]);
  expect({ a, b }).toEqual({ a: [3, 6], b: [4, 5] });
});
