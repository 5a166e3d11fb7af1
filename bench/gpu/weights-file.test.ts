import { expect, test } from "vitest";
import { WeightsFile } from "./weights-file";

const pattern = Uint8Array.of(1, 2, 3);

function file(): WeightsFile {
  const weights = new WeightsFile("weights");
  expect(weights.add({ length: 4, pattern, start: 2 })).toEqual({ location: "weights", offset: 0, length: 4 });
  const [zeros, more] = [
    { length: 2, pattern: Uint8Array.of(0), start: 0 },
    { length: 3, pattern, start: 0 },
  ];
  expect(weights.add(zeros, more)).toEqual({ location: "weights", offset: 4, length: 5 });
  return weights;
}

test("each stretch repeats its pattern from where it starts", () => {
  const weights = file();
  expect(weights.size).toBe(9);
  expect([...weights.read()].flatMap((piece) => [...piece])).toEqual([3, 1, 2, 3, 0, 0, 1, 2, 3]);
});
