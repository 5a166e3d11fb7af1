/** The check of embedding models, with graphs that compute what the test says. */
import { describe, expect, it } from "vitest";
import { checkEmbedder } from "./embedding-check";
import type { EmbeddingRunner } from "./embedding-runner";

const TEXTS = [[1, 2, 3], [4, 5], [6]];
const turn = <T>(work: () => Promise<T>): Promise<T> => work();
const right = (ids: readonly number[]): Float32Array => Float32Array.from(ids[0] === 1 ? [1, 2, 3] : [ids[0]!, -1, 0]);

function check(run: (texts: readonly (readonly number[])[]) => Float32Array[], expected?: readonly Float32Array[]) {
  const runner = { run: (texts: readonly (readonly number[])[]) => Promise.resolve().then(() => run(texts)) };
  let time = 0;
  return checkEmbedder(runner as unknown as EmbeddingRunner, TEXTS, { turn, expected, now: () => (time += 10) });
}

describe("the check of an embedding model", () => {
  it("tells dimensions, speed, and that batches can be trusted", async () => {
    expect(await check((texts) => texts.map(right), TEXTS.map(right))).toEqual({
      dimensions: 3,
      batches: true,
      prefillRate: 300,
    });
  });

  it.each([
    [
      "differ from texts alone",
      (texts: readonly (readonly number[])[]) => texts.map((ids) => (texts.length > 1 ? right([9]) : right(ids))),
    ],
    [
      "cannot be computed",
      (texts: readonly (readonly number[])[]) => {
        if (texts.length > 1) throw new Error("one text only");
        return texts.map(right);
      },
    ],
  ])("does without batches that %s", async (_, run) => {
    expect(await check(run)).toMatchObject({ batches: false });
  });

  it.each([
    ["are not numbers", () => [Float32Array.of(NaN, 1)]],
    ["are all equal", () => [Float32Array.of(1, 1)]],
  ])("refuses vectors that %s", async (_, run) => {
    await expect(check(run)).rejects.toMatchObject({ code: "wrong-results" });
  });

  it("refuses a GPU whose vectors are not the CPU's", async () => {
    const expected = TEXTS.map((ids) => right(ids).map((value) => -value));
    await expect(check((texts) => texts.map(right), expected)).rejects.toThrow(/the CPU gives other vectors/);
  });
});
