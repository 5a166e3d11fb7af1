/** Repacked weights are the very numbers of the GGUF file. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../run/spawn.mjs";
import { FORMAT } from "../../src/gguf";
import { nodeOrt } from "../../src/inference/testing/node";
import { OnnxWriter } from "../../src/inference/testing/onnx-writer";
import { type BlockMatrix, blockMatrix, floats, packedCodes, reordered, widened } from "./blocks";
import { halvesOrder } from "./llama-graph";

/** Numbers in a block of these formats. */
const BLOCK = 32;
/** A block of the format Q4_1: scale 0.25, least number −1.5, and the codes 0 to 15 twice. */
const Q4_1 = Uint8Array.from([0x00, 0x34, 0x00, 0xbe, ...Array.from({ length: 16 }, (_, index) => index * 0x11)]);
/** A block of the format Q8_0: scale 0.5, and the codes −128, −120, … 120. */
const Q8_0 = Uint8Array.from([0x00, 0x38, ...Array.from({ length: 32 }, (_, index) => (128 + index * 8) % 256)]);

function matrix(format: number, block: Uint8Array): BlockMatrix {
  const bytes = Uint8Array.from([...block, ...block]);
  return blockMatrix({ name: "toy", dims: [BLOCK, 2], format, bytes });
}

describe("blocks of a GGUF file", () => {
  it("have the numbers that the format defines", () => {
    const once = Array.from({ length: BLOCK }, (_, index) => (index % 16) * 0.25 - 1.5);
    expect([...floats(matrix(FORMAT.q4_1, Q4_1))]).toEqual([...once, ...once]);
    const bytes = Array.from({ length: BLOCK }, (_, index) => (index * 8 - 128) * 0.5);
    expect([...floats(matrix(FORMAT.q8_0, Q8_0))]).toEqual([...bytes, ...bytes]);
  });

  it("have the numbers that other software reads", () => {
    const text = readFileSync(`${ROOT}/scripts/real-models/goldens/blocks.json`, "utf8");
    // Random blocks, and what the Python package gguf 0.19 makes of them.
    const blocks = JSON.parse(text) as { format: keyof typeof FORMAT; bytes: string; floats: number[] }[];
    expect(blocks.map(({ format }) => format)).toEqual(["q4_1", "q5_0", "q8_0", "q4_k", "q6_k"]);
    for (const { format, bytes, floats: expected } of blocks) {
      const tensor = { name: format, dims: [expected.length, 1], format: FORMAT[format] };
      const read = blockMatrix({ ...tensor, bytes: Uint8Array.from(Buffer.from(bytes, "base64")) });
      expect([format, ...floats(read)]).toEqual([format, ...expected]);
      expect([format, ...floats(widened(read))]).toEqual([format, ...expected]);
    }
  });

  it("have the same numbers with codes of 8 bits", () => {
    const narrow = matrix(FORMAT.q4_1, Q4_1);
    expect(widened(narrow).bits).toBe(8);
    expect(floats(widened(narrow))).toEqual(floats(narrow));
  });

  it("change places as whole rows", () => {
    const two = matrix(FORMAT.q4_1, Uint8Array.from(Q4_1));
    two.codes.fill(8, BLOCK);
    const swapped = floats(reordered(two, (row) => 1 - row));
    expect([...swapped.subarray(BLOCK)]).toEqual([...floats(two).subarray(0, BLOCK)]);
    expect([...swapped.subarray(0, BLOCK)]).toEqual([...floats(two).subarray(BLOCK)]);
  });

  it("are refused if an offset would have to be rounded", () => {
    const smallestScale = Uint8Array.from(Q4_1);
    smallestScale.set([0x01, 0x00, 0xff, 0x7b]);
    expect(() => matrix(FORMAT.q4_1, smallestScale)).toThrow(/offset/);
  });
});

it("rows of queries and keys leave the order of neighbours for that of halves", () => {
  const order = halvesOrder(8);
  expect(Array.from({ length: 16 }, (_, row) => order(row))).toEqual([
    ...[0, 2, 4, 6, 1, 3, 5, 7],
    ...[8, 10, 12, 14, 9, 11, 13, 15],
  ]);
});

describe("ONNX Runtime", () => {
  let ort: Awaited<ReturnType<typeof nodeOrt>>;
  beforeAll(async () => {
    ort = await nodeOrt();
  });

  it.each([
    ["4 bits", matrix(FORMAT.q4_1, Q4_1)],
    ["4 bits in 8", widened(matrix(FORMAT.q4_1, Q4_1))],
    ["8 bits", matrix(FORMAT.q8_0, Q8_0)],
  ] as const)("reads the codes of %s as (code − middle) · scale", async (_, packed) => {
    const { bits, rows, columns, scales } = packed;
    const writer = new OnnxWriter();
    writer.input({ name: "x", type: "float32", shape: ["rows", columns] });
    writer.node(
      "MatMulNBits",
      ["x", writer.codes([rows, 1, (BLOCK * bits) / 8], packedCodes(packed)), writer.weight([rows], scales)],
      { domain: "com.microsoft", outputs: ["y"], attributes: { K: columns, N: rows, bits, block_size: BLOCK } },
    );
    writer.output({ name: "y", type: "float32", shape: ["rows", rows] });
    const session = await ort.InferenceSession.create(writer.build().model);
    // The unit matrix, so that nothing is summed.
    const unit = Float32Array.from({ length: columns * columns }, (__, at) => (at % (columns + 1) === 0 ? 1 : 0));
    const { y } = await session.run({ x: new ort.Tensor("float32", unit, [columns, columns]) });
    const expected = floats({ ...packed, offsets: undefined });
    const got = y!.data as Float32Array;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        expect(got[column * rows + row]).toBe(expected[row * columns + column]);
      }
    }
    await session.release();
  });
});
