/** Random decoders in every shape that exporters write: any split computes what the whole graph computes. */
import { describe, expect, it } from "vitest";
import { type DecoderShape, randomDecoder } from "../../inference/testing";
import { readDecoder } from ".";
import { loadStages, loadWhole, releaseAll, type Runnable, splitAt, type StageCache } from "./testing/run-model";

const SHAPES: Readonly<Record<string, DecoderShape>> = {
  "grouped attention": {},
  "packed projections": { attention: "packed" },
  "no names": { names: "nothing" },
  "names with h": { names: "h" },
  "names with block": { names: "blocks" },
  "described values": { described: true },
  "4 bits": { bits: 4 },
  "4 bits with zero points, packed": { bits: 4, zeroPoints: true, attention: "packed" },
  "8 bits": { bits: 8 },
  "8 bits with zero points, no names": { bits: 8, zeroPoints: true, names: "nothing" },
  "norms of queries and keys": { queryKeyNorm: true },
  biases: { biases: true, bits: 4 },
  "a sliding window": { window: 4 },
  "a shared table": { tied: "floats" },
  "a shared table of codes": { tied: "codes", bits: 4 },
  "sums of their own": { norms: "plain" },
  "sums of their own, no names": { norms: "plain", names: "nothing" },
  "sandwiched norms": { norms: "sandwich", described: true },
  "attention beside feed-forward": { norms: "parallel", names: "nothing" },
  "norms spelled out, with names": { norms: "spelled", bits: 4 },
  "norms spelled out": { norms: "spelled", names: "nothing" },
  "primitive attention": { attention: "primitive", norms: "plain", positions: "rotary", positionIds: true },
  "primitive attention, no names": { attention: "primitive", norms: "spelled", names: "nothing", positions: "learned" },
  "primitive attention without position_ids": { attention: "primitive", norms: "plain", positions: "rotary" },
  "a learned table of positions": { positions: "learned", positionIds: true },
  "rotation by an operator of its own": { positions: "rotary", positionIds: true },
  "tables chosen by length": { chosenTables: true },
  "tables inside of what chooses": { chosenTables: "inside" },
  "an embedding for each layer": { layerEmbeddings: true },
  "16 bits": { dtype: "float16", described: true },
  "16 bits, weights of 4 bits": { dtype: "float16", bits: 4, zeroPoints: true, attention: "packed" },
  "experts in one operator": { experts: "fused" },
  "experts spelled out": { experts: "spelled" },
  "experts spelled out, no names": { experts: "spelled", names: "nothing", norms: "plain", bits: 4 },
  "convolutions between": { convolutions: [0, 2], norms: "plain", names: "nothing" },
  "logits of the last token": { logits: "last" },
  "as many logits as asked for": { logits: "as-asked", norms: "plain" },
  "weights in the graph": { externalFiles: [] },
  "weights in three files": { externalFiles: ["a.bin", "b/c.bin", "d.onnx_data_1"] },
  "caches of another name": { pastName: "past" },
};
/**
 * The CPU computes sums of half floats in 32 bits and keeps them so for the next operator, as long as one session has
 * both. A cut behind such a sum sends what the graph says: 16 bits.
 */
const ROUNDED_AT_CUTS: Readonly<Record<string, DecoderShape>> = {
  "16 bits, sums of their own": { dtype: "float16", norms: "plain", bits: 4 },
  "16 bits, primitive attention": { dtype: "float16", norms: "plain", attention: "primitive", positions: "rotary" },
};
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
  const decoder = readDecoder(files.model);
  expect(decoder.layers).toBe(LAYERS);
  const whole = await loadWhole(files);
  const expected = await logits(whole);
  await whole.release();
  const cache: StageCache = new Map();
  const splits = new Map<string, Float32Array[]>();
  for (const borders of SPLITS) {
    const stages = await loadStages(files, decoder, splitAt(LAYERS, borders), { cache });
    splits.set(`cut before ${String(borders)}`, await logits(stages));
  }
  await releaseAll(cache);
  return { expected, splits };
}

describe("decoders in stages", { timeout: 120_000 }, () => {
  it.each(Object.entries(SHAPES))("%s: every split gives the very same logits", async (_, shape) => {
    const { expected, splits } = await compare(shape);
    const last = expected.at(-1) ?? new Float32Array();
    expect(new Set(last).size).toBeGreaterThan(100); // numbers, and different ones
    expect(last.every(Number.isFinite)).toBe(true);
    for (const [split, got] of splits) expect(got, split).toEqual(expected);
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
