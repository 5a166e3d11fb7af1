/** Layers that are cut out of random decoders and computed by ONNX Runtime, once by kernels that are made wrong. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { checkLayers } from "../inference/onnx/layer-check";
import { createSession } from "../inference/onnx/session";
import { type DecoderShape, randomDecoder } from "../inference/testing";
import { nodeOrt } from "../inference/testing/node";
import { sampleLayers } from "./sample-layers";

const signal = new AbortController().signal;
type Run = (feeds: Record<string, Tensor>) => Promise<Readonly<Record<string, Tensor>>>;
type Wrap = (run: Run) => Run;

/** Compares the layers of a decoder with the same ones on a backend of which `wrap` changes the runs. */
async function compare(
  shape: DecoderShape,
  wrap: Wrap = (run) => run,
  rewrite: (graph: Uint8Array) => Uint8Array = (graph) => graph,
  change: (model: Uint8Array) => Uint8Array = (model) => model,
) {
  const { model: plain, external } = randomDecoder(shape);
  const model = change(plain);
  const files = external.map(({ name, bytes }) => ({ path: name, data: new Blob([bytes as BlobPart]) }));
  const sizes = { heads: undefined, headDim: undefined };
  const sample = await sampleLayers({ graphBytes: model, external: files, ...sizes }, { signal });
  const ort = await nodeOrt();
  const { layers: compared, leftOut } = await checkLayers(sample, {
    ort,
    shape: sizes,
    contextLength: 128,
    window: undefined,
    signal,
    judged: async (layer) => {
      const session = await createSession(ort, { ...layer, graphBytes: rewrite(layer.graphBytes) }, undefined, {
        signal,
        expand: false,
      });
      const run = wrap((feeds) => session.run(feeds));
      return new Proxy(session, {
        get: (_, key) => {
          const value: unknown = key === "run" ? run : session[key as keyof InferenceSession];
          return typeof value === "function" ? (value.bind(session) as unknown) : value;
        },
      });
    },
    turn: (work) => work(),
  });
  return { layers: sample.layers.map(({ name }) => name), compared, leftOut };
}

/** Makes wrong what a layer gives to the next one, where `when` says so. */
const wrong =
  (when: (run: { readonly tokens: number; readonly past: number }) => boolean): Wrap =>
  (run) =>
  async (feeds) => {
    const outputs = await run(feeds);
    const past = feeds["past_key_values.0.key"]?.dims[2] ?? 0;
    for (const [name, { data, dims }] of Object.entries(outputs)) {
      if (name.startsWith("present") || !when({ tokens: dims[1] ?? 0, past })) continue;
      const floats = data as Float32Array;
      floats.forEach((value, index) => (floats[index] = value * (1 + 0.3 * (index % 2))));
    }
    return outputs;
  };

describe("layers of a model", () => {
  it.each<[string, DecoderShape, readonly string[]]>([
    ["all alike", { bits: 4 }, ["layer 0"]],
    ["with and without a window", { window: 16 }, ["layer 0", "layer 1"]],
    ["with fused experts", { experts: "fused", bits: 4 }, ["layer 0"]],
    ["with and without a convolution", { mixers: { 0: "convolution", 2: "convolution" } }, ["layer 0", "layer 1"]],
    ["in 16 bits", { dtype: "float16", bits: 4 }, ["layer 0"]],
  ])("%s are sampled as few times as possible, and agree with themselves", async (_, shape, layers) => {
    expect(await compare(shape)).toEqual({ layers, compared: layers.length, leftOut: [] });
  });

  it("are not sampled if the model cannot be split", async () => {
    const { compared, leftOut } = await compare({ flaw: "shared-cache" });
    expect([compared, leftOut]).toEqual([0, [expect.stringMatching(/layers 0 and 2 share state/)]]);
  });

  it("are left out by name if the CPU has no kernels for them", async () => {
    const { compared, leftOut } = await compare({ bits: 4 }, undefined, undefined, withUnknownOperators);
    expect([compared, leftOut]).toEqual([
      0,
      [expect.stringMatching(/^layer 0: the CPU cannot compute it \(.*MatMulNBitz/)],
    ]);
  });

  it.each([
    ["always", wrong(() => true)],
    ["for pieces of a prompt", wrong(({ tokens }) => tokens > 1)],
    ["for single tokens", wrong(({ tokens }) => tokens === 1)],
    ["after a cached text", wrong(({ past }) => past > 0)],
  ] as const)("that are a little wrong %s are found", async (_, wrap) => {
    await expect(compare({ bits: 4 }, wrap)).rejects.toMatchObject({ code: "wrong-results" });
  });

  it("that are wrong in every fifth piece only are found", async () => {
    let calls = 0;
    // A piece, and then three single tokens.
    const fifth: Wrap = (run) => (feeds) => (calls++ % 20 === 16 ? wrong(() => true)(run)(feeds) : run(feeds));
    await expect(compare({ bits: 4 }, fifth)).rejects.toMatchObject({ code: "wrong-results" });
  });

  it("that look beyond their window are found", async () => {
    await expect(compare({ window: 16 }, undefined, (graph) => widened(graph, 16))).rejects.toMatchObject({
      code: "wrong-results",
    });
  });
});

/** The same model with matrices that no CPU multiplies. */
function withUnknownOperators(model: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(model).toString("latin1").replaceAll("MatMulNBits", "MatMulNBitz"), "latin1");
}

/** The same layer with a window in which there is room for everything. */
function widened(graph: Uint8Array, window: number): Uint8Array {
  const bytes = Buffer.from(graph);
  const at = bytes.indexOf("local_window_size");
  // The field `i` of the attribute, and its value.
  const value = at < 0 ? -1 : bytes.indexOf(Buffer.of(0x18, window), at);
  if (value >= 0) bytes[value + 1] = 127;
  return bytes;
}
