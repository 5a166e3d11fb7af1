/** Tests the sizes that a split model reports, also for odd graphs. */
import { describe, expect, it, vi } from "vitest";
import { GraphService } from "./graphs";
import { SplitModel } from "./model";
import { hostileGraph, node } from "./split/testing/hostile-graph";

const signal = new AbortController().signal;

function model(options: Parameters<typeof hostileGraph>[0], trusted?: boolean): Promise<SplitModel> {
  const read = () => Promise.reject(new Error("nothing may be read"));
  const parts = { id: "a/b", name: "B", graph: "b.onnx", graphBytes: hostileGraph(options), weightsHash: "", read };
  return SplitModel.read(parts, new GraphService(), trusted === undefined ? {} : { trusted });
}

describe("SplitModel", () => {
  it("reports the memory that a sample layer takes", async () => {
    const small = await model({ layers: 3, weight: [1024, 1024] });
    expect(small.sampleBytes(0)).toBe(2 ** 22);
    expect(small.sampleBytes(32)).toBe(2 ** 22 + 32 * 16);
    expect(small.sampleBytes(32)).toBe(small.bytesOf({ from: 1, to: 2 }, 32));
  });

  it("makes a sample layer no larger than the caller has memory for", async () => {
    const sample = await (await model({ weight: [64, 64] })).sampleLayer(signal, { maxBytes: 2 ** 14 });
    expect(sample.files.map(({ blob }) => blob.size)).toEqual([2 ** 14]);
    // A graph of a few hundred bytes that declares a weight of 256 GiB.
    const huge = await model({ weight: [2 ** 18, 2 ** 18] });
    const small = await model({ weight: [64, 64] });
    const blobs = vi.spyOn(globalThis, "Blob");
    await expect(huge.sampleLayer(signal, { maxBytes: 2 ** 30 })).rejects.toMatchObject({ code: "out-of-memory" });
    await expect(small.sampleLayer(signal, { maxBytes: 2 ** 14 - 1 })).rejects.toThrow("B takes");
    expect(blobs).not.toHaveBeenCalled();
    blobs.mockRestore();
  });

  it.each([
    ["no weights", { layers: 3 }],
    ["very large weights", { layers: 3, weight: [2 ** 18, 2 ** 18] }],
    ["very large states", { layers: 3, state: ["b", 2 ** 14, "p", 2 ** 14] }],
  ] as const)("computes finite sizes with %s", async (_, options) => {
    const { planModel, layers, ...rest } = split(await model(options));
    const { layerBytes, kvBytesPerToken, layerWork = [], embeddingBytes, headBytes, hiddenBytes } = planModel;
    expect(layerWork).toHaveLength(layers);
    for (const number of [...layerBytes, ...kvBytesPerToken, embeddingBytes, headBytes, hiddenBytes, rest.bytes]) {
      expect(Number.isSafeInteger(number)).toBe(true);
    }
    expect(layerWork.every(Number.isFinite)).toBe(true);
  });

  it("applies stricter rules to graphs from other people", async () => {
    const random = { graph: addRandom };
    expect((await model(random)).layers).toBe(1);
    await expect(model(random, false)).rejects.toThrow("RandomNormal");
  });
});

const addRandom: NonNullable<Parameters<typeof hostileGraph>[0]["graph"]> = (graph) => {
  graph.bytes(1, node("RandomNormal", [], ["y"]));
};

function split(of: SplitModel) {
  return { planModel: of.planModel, layers: of.layers, bytes: of.bytesOf({ from: 0, to: of.layers }, 1024) };
}
