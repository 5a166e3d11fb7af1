/** Matrices that are quantized dynamically: as ONNX Runtime's quantizer writes them, and as its kernels compute with them. */
import { describe, expect, it } from "vitest";
import { FORMAT } from "../../src/gguf";
import { nodeOrt } from "../../src/inference/testing/node";
import { OnnxWriter } from "../../src/inference/testing/onnx-writer";
import { readGraph } from "../../src/onnx";
import { type BlockMatrix, blockMatrix, floats } from "./blocks";
import { Operators } from "./operators";
import { RoundedMatrices, roundedValues } from "./rounded-matrices";

const [ROWS, COLUMNS, TOKENS] = [6, 64, 3];

describe("rounding", () => {
  // `quantize_data` of onnxruntime 1.32 for Python gives these numbers.
  it.each([
    [[-1, -0.5, 0, 0.25, 1.5, 2.999, 3], 64, 0.01568627543747425, [0, 32, 64, 80, 160, 255, 255]],
    [[0.1, 0.2, 0.7], 0, 0.0027450979687273502, [36, 73, 255]],
    [[-2, -1], 255, 0.007843137718737125, [0, 128]],
    [[0, 0], 0, 1, [0, 0]],
    [[0.5, 1.5, 2.5, 3.5, 255], 0, 1, [0, 2, 2, 4, 255]],
  ])("makes of %j what the quantizer does", (values, zero, scale, codes) => {
    const rounded = roundedValues(Float32Array.from(values));
    expect({ ...rounded, codes: [...rounded.codes] }).toEqual({ zero, scale, codes });
  });

  it("is off by half a step at most, and 0 stays 0", () => {
    const values = Float32Array.from({ length: 1000 }, (_, at) => Math.sin(at * 1.7) ** 3 - 0.2);
    values[7] = 0;
    const { codes, scale, zero } = roundedValues(values);
    const off = values.map((value, at) => Math.abs((codes[at]! - zero) * scale - value));
    expect(Math.max(...off)).toBeLessThan(scale * 0.501);
    expect(codes[7]).toBe(zero);
  });
});

/** A matrix in blocks with random codes. */
function matrix(rows: number, seed: number): BlockMatrix {
  const bytes = new Uint8Array(rows * (COLUMNS / 32) * 34);
  for (let at = 0; at < bytes.length; at += 34) {
    bytes.set([0x00, 0x20], at); // the scale 2⁻⁷
    for (let index = 2; index < 34; index++) bytes[at + index] = Math.round(120 * Math.sin(seed + at + 1.3 * index));
  }
  return blockMatrix({ name: "toy", dims: [COLUMNS, rows], format: FORMAT.q8_0, bytes });
}

/** Two products with the same values, and a table for ids and for logits. */
function graph(): { model: Uint8Array; matrices: readonly BlockMatrix[]; table: BlockMatrix } {
  const operators = new Operators(new OnnxWriter());
  const { writer } = operators;
  const [matrices, table] = [[matrix(ROWS, 1), matrix(ROWS, 2)], matrix(9, 3)];
  writer.input({ name: "input_ids", type: "int64", shape: [1, TOKENS] });
  const written = new RoundedMatrices(operators);
  const { embedded, head } = written.table(table);
  // The quantizer names rounded values after what made them; in a decoder, a norm stands between.
  const normed = operators.op("/model/norm", "Identity", [embedded]);
  const products = matrices.map((each, index) => written.product(`/model/product_${index}`, normed, each));
  head(normed);
  for (const name of [...products, "logits"]) {
    writer.output({ name, type: "float32", shape: [1, TOKENS, name === "logits" ? 9 : ROWS] });
  }
  return { model: writer.build().model, matrices, table };
}

it("the graph has the quantizer's operators, and rounds a value once for all its products", () => {
  const product = ["MatMulInteger", "Cast", "Mul", "Mul"];
  const operators = readGraph(graph().model).nodes.map(({ op }) => op);
  expect(operators).toEqual([
    ...["Gather", "DequantizeLinear", "Identity", "DynamicQuantizeLinear", ...product, ...product],
    ...["Transpose", "DequantizeLinear", "MatMul"],
  ]);
});

it("the graph computes the products of the float weights, but for the rounding of both sides", async () => {
  const { model, matrices, table } = graph();
  const ort = await nodeOrt();
  const session = await ort.InferenceSession.create(model);
  const ids = [2, 8, 5];
  const input_ids = new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, TOKENS]);
  const outputs = await session.run({ input_ids });
  await session.release();
  const rows = ids.flatMap((id) => [...floats(table).subarray(id * COLUMNS, (id + 1) * COLUMNS)]);
  const step = (values: readonly number[]): number => (Math.max(0, ...values) - Math.min(0, ...values)) / 255;
  const check = (name: string, weights: BlockMatrix, inputStep: number): void => {
    const w = [...floats(weights)];
    const got = outputs[name]!.data as Float32Array;
    for (const [at, value] of got.entries()) {
      const [token, row] = [Math.floor(at / weights.rows), at % weights.rows];
      const x = rows.slice(token * COLUMNS, (token + 1) * COLUMNS);
      const y = w.slice(row * COLUMNS, (row + 1) * COLUMNS);
      const exact = x.reduce((sum, each, index) => sum + each * y[index]!, 0);
      // Each number is off by half a step at most; the values come from a rounded table.
      const [offX, offY] = [(step([...floats(table)]) + inputStep) * 0.51, step(w) * 0.51];
      const bound = x.reduce((sum, each, i) => sum + offX * Math.abs(y[i]!) + offY * (Math.abs(each) + offX), 0);
      expect(Math.abs(value - exact)).toBeLessThan(bound);
    }
  };
  for (const [index, weights] of matrices.entries()) {
    check(`/model/product_${index}/MatMul/output_0`, weights, step(rows) * 1.02);
  }
  check("logits", table, 0);
});
