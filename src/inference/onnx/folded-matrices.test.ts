/** Matrices of bytes become weights while a model loads: on ONNX Runtime's WASM build in Node. */
import type { InferenceSession } from "onnxruntime-web";
import { expect, it } from "vitest";
import { type DecoderShape, randomDecoder } from "../testing";
import { nodeOrt } from "../testing/node";
import { OnnxWriter } from "../testing/onnx-writer";
import { readGraph } from "../../onnx";
import { expandedBytes } from "./expand-weights";
import { foldedMatrices } from "./folded-matrices";
import { readGraphSpec } from "./graph-spec";
import { ModelRunner } from "./runner";
import type { Ort } from "./runtime";
import { cacheFactories, createSession } from "./session";

const LIMIT = 2 ** 30;
const OPEN = { heads: undefined, headDim: undefined };
const QUANTIZED: DecoderShape = { tied: "bytes", rounded: true, externalFiles: [] };

/** The logits after some tokens, and the settings of the session that gave them. */
async function logits(model: Uint8Array, expand: boolean): Promise<{ row: Float32Array; settings: unknown }> {
  const ort = await nodeOrt();
  let settings: InferenceSession.SessionOptions | undefined;
  const create = (bytes: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> => {
    settings = options;
    return ort.InferenceSession.create(bytes, options);
  };
  const graph = readGraph(model);
  const watched = { ...ort, InferenceSession: { create } } as unknown as Ort;
  const { signal } = new AbortController();
  const session = await createSession(watched, { graph, graphBytes: model, external: [] }, undefined, {
    signal,
    expand,
  });
  const spec = readGraphSpec(graph, OPEN);
  const runner = new ModelRunner(ort, session, spec, undefined);
  const [row] = await runner.predict(cacheFactories(ort, spec, undefined, 128).plain(), [5, 3, 17, 2], 1);
  await runner.release();
  return { row: row!, settings: settings?.extra };
}

it("the head of a dynamically quantized decoder gives the same logits", async () => {
  const { model } = randomDecoder(QUANTIZED);
  const folded = await logits(model, true);
  const plain = await logits(model, false);
  expect(folded.settings).toMatchObject({ session: { disable_quant_qdq: "1" } });
  expect(plain.settings).not.toMatchObject({ session: { disable_quant_qdq: "1" } });
  const largest = Math.max(...plain.row.map((value, at) => Math.abs(value - folded.row[at]!)));
  expect(Math.max(...plain.row)).toBeGreaterThan(0.5);
  expect(largest).toBeLessThan(1e-4);
});

it("their floats count as memory", () => {
  const { model } = randomDecoder({ ...QUANTIZED, vocabulary: 500 });
  expect([...expandedBytes(readGraph(model))!]).toEqual([["model.embed_tokens.weight_quantized", 500 * 64 * 4]]);
});

it.each<[string, DecoderShape]>([
  ["there are none", { rounded: true }],
  ["the table is one of floats", { tied: "floats" }],
  ["weights of blocks are expanded in another way", { tied: "bytes", bits: 4 }],
])("nothing is changed where %s", (_, shape) => {
  expect(foldedMatrices(readGraph(randomDecoder(shape).model), LIMIT)).toBeUndefined();
});

it("nothing is changed where they would be too large", () => {
  const graph = readGraph(randomDecoder({ ...QUANTIZED, vocabulary: 500 }).model);
  expect(foldedMatrices(graph, 500 * 64 * 4)).toBeDefined();
  expect(foldedMatrices(graph, 500 * 64 * 4 - 1)).toBeUndefined();
});

/** A product with a matrix of bytes. */
function product(change: (writer: OnnxWriter, x: string) => string, attributes: Readonly<Record<string, number>> = {}) {
  const writer = new OnnxWriter();
  const x = change(writer, writer.input({ name: "x", type: "float32", shape: [1, 32] }));
  const codes = writer.codes([32, 32], new Uint8Array(1024), { name: "codes" });
  const scale = writer.weight([], Float32Array.of(1));
  writer.node("MatMul", [x, writer.node("DequantizeLinear", [codes, scale], { attributes })], { outputs: ["y"] });
  writer.output({ name: "y", type: "float32", shape: [1, 32] });
  return readGraph(writer.build().model);
}

it("nothing is changed where ONNX Runtime has fused forms", () => {
  const plain = product((_, x) => x);
  expect(foldedMatrices(plain, LIMIT)).toEqual(new Map([["codes", 4096]]));
  const rounded = product((writer, x) =>
    writer.node("DequantizeLinear", [
      writer.node("QuantizeLinear", [x, writer.weight([], Float32Array.of(1))]),
      writer.weight([], Float32Array.of(1)),
    ]),
  );
  expect(foldedMatrices(rounded, LIMIT)).toBeUndefined();
  expect(
    foldedMatrices(
      product((_, x) => x, { axis: 0, block_size: 16 }),
      LIMIT,
    ),
  ).toBeUndefined();
});
