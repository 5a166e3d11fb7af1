import { expect, it } from "vitest";
import { nodeOrt } from "../testing/node";
import { OpenMasks } from "./integers";

it.each([
  ["int64", 1n],
  ["int32", 1],
] as const)("makes masks of %s as long as the text, however it grows", async (type, one) => {
  const masks = new OpenMasks(await nodeOrt(), type);
  for (const tokens of [1, 1024, 1025, 5000, 3]) {
    const mask = masks.of(tokens);
    expect([mask.type, mask.dims]).toEqual([type, [1, tokens]]);
    expect([...(mask.data as BigInt64Array)]).toEqual(new Array(tokens).fill(one));
  }
});
