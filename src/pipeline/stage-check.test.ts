/** A stage on a GPU compares its own layers with the CPU: here the GPU is ONNX Runtime's CPU build, made wrong. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { type Bench, loadStage } from "../inference/onnx/pipeline-parts";
import type { Ort } from "../inference/onnx/runtime";
import { TurnQueue } from "../inference/onnx/turns";
import { randomDecoder } from "../inference/testing";
import { nodeOrt } from "../inference/testing/node";
import { GraphService } from "./graphs";
import { type PartsSource, SplitModel } from "./model";
import { weightsInFiles } from "./testing/files";

const signal = new AbortController().signal;
const limits = { sequences: 1, contextLength: 128, stepTokens: 16, cacheBytes: 2 ** 24 };
const { model: graphBytes, external } = randomDecoder({ bits: 4, layers: 4 });
const files = weightsInFiles(new Map(external.map(({ name, bytes }) => [name, new Blob([bytes as BlobPart])])));

/** The reads of the model's files, as `offset+length`. */
const asked: string[] = [];
const parts: PartsSource = {
  ...{ id: "a/b", name: "B", graph: "model.onnx", weightsHash: "" },
  graphBytes: graphBytes as Uint8Array<ArrayBuffer>,
  read: (location, offset, length, options) => {
    asked.push(`${offset}+${length}`);
    return files.read(location, offset, length, options);
  },
};
const model = await SplitModel.read(parts, new GraphService());
const range = { embed: false, from: 1, to: 3, head: false };

/** A GPU that computes on the CPU. `spoil` changes what its sessions give. */
async function bench(spoil: (hidden: Float32Array) => void): Promise<Bench> {
  const ort = await nodeOrt();
  const create = async (graph: Uint8Array, { externalData, executionProviders }: InferenceSession.SessionOptions) => {
    const session = await ort.InferenceSession.create(graph, { ...(externalData && { externalData }) });
    if (executionProviders?.[0] === "wasm") return session;
    const run = async (feeds: Record<string, Tensor>) => {
      const outputs = await session.run(feeds);
      for (const [name, { data }] of Object.entries(outputs)) {
        if (!name.startsWith("present")) spoil(data as Float32Array);
      }
      return outputs;
    };
    return new Proxy(session, {
      get: (_, key) => {
        const value: unknown = key === "run" ? run : session[key as keyof InferenceSession];
        return typeof value === "function" ? (value.bind(session) as unknown) : value;
      },
    });
  };
  const device = { pushErrorScope: () => undefined, popErrorScope: () => Promise.resolve(null) };
  const lost = new Promise<never>(() => undefined);
  const abilities = { features: [], maxBufferSize: 2 ** 31, software: false };
  return {
    ...{ backend: "webgpu", lost, turns: new TurnQueue(), models: new Map() },
    ort: { ...ort, InferenceSession: { create } } as unknown as Ort,
    gpu: { device: device as unknown as GPUDevice, abilities, lost },
  };
}

describe("a stage on a GPU", () => {
  it("is refused if one of its layers differs from the CPU's", async () => {
    const pkg = await model.package(range, { id: "stage", signal, sampled: true });
    const wrong = await bench((hidden) =>
      hidden.forEach((value, index) => (hidden[index] = value * (1 + (index % 2)))),
    );
    await expect(loadStage(wrong, pkg, { limits, signal })).rejects.toMatchObject({
      code: "wrong-results",
      message: expect.stringMatching(/layer 1 differs from the CPU's results/) as string,
    });
  });

  it("samples only its own layers, from bytes that it has read already", async () => {
    asked.length = 0;
    const plain = await model.package(range, { id: "stage", signal });
    const all = asked.splice(0);
    const sampled = await model.package(range, { id: "stage", signal, sampled: true });
    expect(asked).toEqual(all);
    expect(plain.sample).toBeUndefined();
    expect(sampled.sample).toMatchObject({ layers: [{ name: "layer 1" }], leftOut: [] });
    const alone = await model.package({ ...range, to: 2 }, { id: "layer 1", signal });
    const contents = (files: typeof alone.files) => Promise.all(files.map(({ blob }) => blob.arrayBuffer()));
    expect(await contents(sampled.sample!.layers[0]!.files)).toEqual(await contents(alone.files));
  });
});
