/** Random decoders in every shape that exporters write: any split computes what the whole graph computes. */
import { describe, expect, it } from "vitest";
import { type DecoderShape, randomDecoder } from "../../inference/testing";
import { readSkeleton } from "../../onnx";
import { readDecoder } from ".";
import { ROUNDED_AT_CUTS, SHAPES } from "./testing/decoder-shapes";
import {
  loadStages,
  loadWhole,
  releaseAll,
  type Runnable,
  sameBits,
  splitAt,
  type StageCache,
} from "./testing/run-model";

const LAYERS = 3;
const SPLITS = [[0], [1], [2], [3], [0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3], [0, 1, 2, 3]] as const;
const CHUNKS = [[5, 17, 300, 42, 7], [1, 2, 250, 9], [33], [34], [35]];

async function logits(model: Runnable): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (const ids of CHUNKS) all.push(await model.run(ids));
  return all;
}

/** Logits of the whole, and of each split. */
async function compare(
  shape: DecoderShape,
): Promise<{ expected: Float32Array[]; splits: Map<string, Float32Array[]> }> {
  const files = randomDecoder(shape);
  // The stages are made of the graph without its weights, and of ranges: of files beside it, or of its own.
  const { model, external } = files;
  const read = (offset: number, length: number) => Promise.resolve(model.subarray(offset, offset + length));
  const skeleton = await readSkeleton({ bytes: model.length, read }, "model.onnx");
  if (shape.externalFiles?.length === 0) expect(skeleton.length).toBeLessThan(model.length / 2);
  const pieces = { model: skeleton, external: [...external, { name: "model.onnx", bytes: model }] };
  const decoder = readDecoder(skeleton);
  expect(decoder.layers).toBe(LAYERS);
  const whole = await loadWhole(files);
  const expected = await logits(whole);
  await whole.release();
  const cache: StageCache = new Map();
  const splits = new Map<string, Float32Array[]>();
  for (const borders of SPLITS) {
    const stages = await loadStages(pieces, decoder, splitAt(LAYERS, borders), { cache });
    splits.set(`cut before ${String(borders)}`, await logits(stages));
  }
  await releaseAll(cache);
  return { expected, splits };
}

describe("decoders in stages", () => {
  it.each(Object.entries(SHAPES))("%s: every split gives the very same logits", async (_, shape) => {
    const { expected, splits } = await compare(shape);
    const last = expected.at(-1) ?? new Float32Array();
    expect(new Set(last).size).toBeGreaterThan(100); // numbers, and different ones
    expect(last.every(Number.isFinite)).toBe(true);
    for (const [split, got] of splits) expect(sameBits(got, expected), split).toBe(true);
  });

  it.each(Object.entries(ROUNDED_AT_CUTS))("%s: every split gives nearly the same logits", async (_, shape) => {
    const { expected, splits } = await compare(shape);
    const wanted = expected.map(halves);
    const largest = Math.max(...wanted.flatMap((row) => [...row].map(Math.abs)));
    for (const [split, bits] of splits) {
      const got = bits.map(halves);
      const differences = wanted.flatMap((row, at) => [...row].map((value, id) => Math.abs(value - got[at]![id]!)));
      expect(Math.max(...differences) / largest, split).toBeLessThan(2 ** -9);
    }
  });
});

/** Half floats from their bits. */
function halves(bits: Float32Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const exponent = (half >> 10) & 31;
    const size = exponent === 0 ? (half & 1023) * 2 ** -24 : (1 + (half & 1023) / 1024) * 2 ** (exponent - 15);
    return half & 0x8000 ? -size : size;
  });
}
