/** The model that comes with Microgrid, split at each border, on its golden texts. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goldenItems } from "../../inference/testing/node";
import { readDecoder } from ".";
import { loadStages, loadWhole, type ModelFiles, type Runnable, sameBits, splitAt } from "./testing/run-model";

const GRAPH = new URL("../../../public/models/guide/onnx/model_q4.onnx", import.meta.url);
const bytes = (suffix: string): Uint8Array => new Uint8Array(readFileSync(new URL(GRAPH.href + suffix)));
const GUIDE: ModelFiles = { model: bytes(""), external: [{ name: "model_q4.onnx_data", bytes: bytes("_data") }] };
const CHUNK = 16;
const VOCABULARY = 2048;

/** All logits of a text: its prompt in chunks, its completion token by token. */
async function logitsOf(model: Runnable, prompt: readonly number[], completion: readonly number[]) {
  model.truncate(0);
  const logits: Float32Array[] = [];
  for (let at = 0; at < prompt.length; at += CHUNK) logits.push(await model.run(prompt.slice(at, at + CHUNK)));
  for (const id of completion) logits.push(await model.run([id]));
  return logits;
}

describe("the guide model in stages", () => {
  const decoder = readDecoder(GUIDE.model);
  const item = goldenItems()[0];
  const prompt = item?.prompt_ids ?? [];
  const completion = item?.completion_ids.slice(0, 8) ?? [];
  let whole: Runnable;
  let expected: Float32Array[];
  beforeAll(async () => {
    whole = await loadWhole(GUIDE);
    expected = await logitsOf(whole, prompt, completion);
  });
  afterAll(() => whole.release());

  it("gives the golden text if it is whole", () => {
    const greedy = expected
      .slice(Math.ceil(prompt.length / CHUNK) - 1, -1)
      .map((logits) => logits.subarray(-VOCABULARY))
      .map((last) => last.indexOf(Math.max(...last)));
    expect(greedy).toEqual(completion);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, [2, 4], [0, 6], [1, 2, 3, 4, 5]].map((borders) => [[borders].flat()] as const))(
    "cut before layers %s gives the very same logits",
    async (borders) => {
      const stages = await loadStages(GUIDE, decoder, splitAt(6, borders));
      expect(sameBits(await logitsOf(stages, prompt, completion), expected)).toBe(true);
      await stages.release();
    },
  );

  it("sends one hidden state before the first layer and before the head, and two between layers", () => {
    expect(decoder.cuts.map(({ bytesPerToken }) => bytesPerToken)).toEqual([1024, 2048, 2048, 2048, 2048, 2048, 1024]);
    expect(decoder.cuts[1]?.tensors.map(({ name }) => name)).toEqual([
      "/model/layers.1/input_layernorm/output_0",
      "/model/layers.1/input_layernorm/output_3",
    ]);
  });
});
