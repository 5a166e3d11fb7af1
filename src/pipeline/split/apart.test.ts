/** Models of several graphs: joined, whole and in every split they compute what the same model in one graph computes. */
import { describe, expect, it } from "vitest";
import { joinGraphs } from "../../onnx";
import { type DecoderShape, randomDecoder, randomDecoderApart } from "../../inference/testing";
import { extractStage, readDecoder } from ".";
import { loadStages, loadWhole, type Runnable, splitAt } from "./testing/run-model";

const SHAPES: Readonly<Record<string, DecoderShape>> = {
  "an embedding": { positionIds: true, norms: "plain" },
  "an embedding for each layer, and state of fixed size": { layerEmbeddings: true, mixers: { 0: "delta", 2: "mamba" } },
  "a table of codes, 16 bits": { bits: 4, dtype: "float16", described: true },
};

async function logits(model: Runnable): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for (const ids of [[5, 17, 300], [33], [34]]) all.push(Buffer.from((await model.run(ids)).slice().buffer));
  await model.release();
  return all;
}

describe("models of several graphs", () => {
  it.each(Object.entries(SHAPES))("with %s give the very same logits", async (_, shape) => {
    const { embedder, decoder } = randomDecoderApart(shape);
    const model = joinGraphs(embedder.model, decoder.model);
    const files = { model, external: [...embedder.external, ...decoder.external] };
    const expected = await logits(await loadWhole(randomDecoder(shape)));
    expect(await logits(await loadWhole(files))).toEqual(expected);
    const split = readDecoder(model);
    for (const borders of [
      [0, 3],
      [1, 2],
    ]) {
      expect(await logits(await loadStages(files, split, splitAt(3, borders)))).toEqual(expected);
    }
  });

  it("send what the second graph takes, and no token ids", () => {
    const { embedder, decoder } = randomDecoderApart({ layerEmbeddings: true });
    const split = readDecoder(joinGraphs(embedder.model, decoder.model));
    expect(split.cuts.map(({ tensors }) => tensors.length)).toEqual([2, 3, 3, 1]);
    expect(split.cuts[1]?.tensors).toContainEqual({
      ...{ name: "per_layer_inputs", dtype: "float32" },
      shape: ["batch_size", "sequence_length", 3, 8],
    });
    const stage = extractStage(split, { embed: false, from: 1, to: 2, head: false });
    expect(stage.feeds.map(({ kind }) => kind)).not.toContain("token-ids");
    expect(stage.forwarded).toEqual(["per_layer_inputs"]);
  });
});
