/** Models as exporters publish them: what the look at the graph finds out before the weights are downloaded. */
import { beforeEach, describe, expect, it } from "vitest";
import { randomDecoder, randomDecoderApart } from "../inference/testing";
import { readGraph } from "../onnx";
import { openModelParts } from "./model-parts";
import { prepareOnnx } from "./packages";
import { testDevice } from "./testing";
import { DATA, device, GRAPH, hub, MIB, options, settled, useHub } from "./testing/hub";

useHub();

describe("decoders as exporters publish them", () => {
  const CONFIG = { model_type: "llama", num_key_value_heads: 2, head_dim: 16, max_position_embeddings: 128 };
  const publish = (folder: string, ...written: { readonly name: string; readonly bytes: Uint8Array }[]): void => {
    for (const { name, bytes } of written) hub.files.set(folder + name, Buffer.from(bytes));
  };
  beforeEach(() => {
    hub.files.delete(GRAPH);
    hub.files.delete(DATA);
    hub.files.set("config.json", Buffer.from(JSON.stringify(CONFIG)));
  });

  it("in two graphs are one to all who read them, and other graphs are never asked for", async () => {
    const { embedder, decoder } = randomDecoderApart({ layerEmbeddings: true });
    publish("onnx/", { name: "embed_tokens.onnx", bytes: embedder.model }, ...embedder.external);
    publish("onnx/", { name: "decoder_model_merged.onnx", bytes: decoder.model }, ...decoder.external);
    publish("onnx/", { name: "vision_encoder.onnx", bytes: decoder.model });
    const { entry, visit } = device();
    const opened = await visit();
    const model = await openModelParts(opened, entry, options);
    expect(model.graph).toBe("onnx/decoder_model_merged.onnx");
    expect(readGraph(model.graphBytes).inputs.map(({ name }) => name)).not.toContain("inputs_embeds");
    for (const { name, bytes } of [...embedder.external, ...decoder.external]) {
      const part = await model.read(name, 8, 100, options);
      expect(Buffer.compare(Buffer.from(await part.arrayBuffer()), bytes.subarray(8, 108))).toBe(0);
    }
    const { packageHash } = await model.settings(settled);
    const whole = await prepareOnnx(opened, { entry, backend: "wasm", ...settled });
    expect(whole).toMatchObject({ graph: model.graph, embedder: "onnx/embed_tokens.onnx", packageHash });
    expect(hub.seen.filter((request) => request.includes("vision"))).toEqual([]);
  });

  it("state the sizes of their caches, also where only the configuration knows them", async () => {
    const { model: graph, external } = randomDecoder({ openHeadSize: true });
    publish("onnx/", { name: "model.onnx", bytes: graph }, ...external);
    const { entry, visit } = device();
    const { graphBytes } = await openModelParts(await visit(), entry, options);
    const caches = readGraph(graphBytes).inputs.filter(({ name }) => name.startsWith("past"));
    expect(caches).toHaveLength(6);
    for (const { shape } of caches) expect(shape).toEqual(["batch_size", 2, "past_sequence_length", 16]);
  });

  it.each([
    ["pixel_values", { flaw: "unknown-input" }],
    ["past_encoder.0.key", { pastName: "past_encoder" }],
  ] as const)("are refused because of %s before their weights are downloaded", async (named, shape) => {
    const { model: graph, external } = randomDecoder(shape);
    publish("onnx/", { name: "model.onnx", bytes: graph }, ...external);
    hub.files.set("onnx/model.onnx_data", Buffer.alloc(17 * MIB));
    const { entry, visit } = device();
    const opened = await visit();
    await expect(prepareOnnx(opened, { entry, backend: "wasm", ...settled })).rejects.toMatchObject({
      code: "unsupported-model",
      message: expect.stringContaining(named) as string,
    });
    expect(hub.seen.filter((request) => request.includes("_data"))).toEqual([]);
  });

  it.each([
    ["an operator that is known to be wrong there", { software: true }, /operator QMoE .* software WebGPU adapters/],
    ["a weight that is larger than its buffers", { maxBufferSize: 4000 }, /in one piece.*at most 4\.0 kB/],
  ] as const)("are refused on a GPU because of %s, and run on the CPU", async (_, abilities, message) => {
    const { model: graph, external } = randomDecoder({ experts: "fused", bits: 4 });
    publish("onnx/", { name: "model.onnx", bytes: graph }, ...external);
    const info = { ...testDevice(), webgpu: { ...testDevice().webgpu!, ...abilities } };
    const { entry, visit } = device(undefined, info);
    const opened = await visit();
    await expect(prepareOnnx(opened, { entry, backend: "webgpu", ...settled })).rejects.toMatchObject({
      code: "gpu-unfit",
      message: expect.stringMatching(message) as string,
    });
    expect(hub.seen.filter((request) => request.includes("_data"))).toEqual([]);
    expect(opened.index.remembered(entry.id).looks).toMatchObject([{ file: { path: "onnx/model.onnx" } }]);
    expect(await prepareOnnx(opened, { entry, backend: "wasm", ...settled })).toMatchObject({ engine: "onnx" });
  });
});
