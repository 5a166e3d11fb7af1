/** Random decoders in the shapes that the usual exporters write. For tests; never bundled. */
import type { DecoderShape } from "../../../inference/testing";

/** Any split of these computes the very same numbers. */
export const SHAPES: Readonly<Record<string, DecoderShape>> = {
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
  "a shared table of bytes": { tied: "bytes" },
  "dynamic quantization": { tied: "bytes", rounded: true },
  "dynamic quantization, no names": { tied: "bytes", rounded: true, names: "nothing", norms: "plain" },
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
  "short convolutions between": {
    mixers: { 0: "convolution", 2: "convolution" },
    norms: "plain",
    names: "nothing",
  },
  "the delta rule between, positions in three rows": {
    mixers: { 0: "delta", 1: "delta" },
    positions: "rotary",
    positionIds: "three",
  },
  "the delta rule, named otherwise": { mixers: { 0: "delta", 2: "delta" }, stateNames: "genai", queryKeyNorm: true },
  "Mamba layers between": { mixers: { 0: "mamba", 2: "mamba" }, described: true },
  "Mamba beside attention": { mixers: { 0: "mamba-and-attention", 1: "mamba-and-attention" }, norms: "plain" },
  "logits of the last token": { logits: "last" },
  "as many logits as asked for": { logits: "as-asked", norms: "plain" },
  "weights in the graph": { externalFiles: [] },
  "weights of 4 bits in the graph": { externalFiles: [], bits: 4, zeroPoints: true, tied: "codes", names: "nothing" },
  "weights of 16 bits in the graph": { externalFiles: [], dtype: "float16", attention: "packed" },
  "weights in the graph, tables inside of what chooses": { externalFiles: [], chosenTables: "inside" },
  "weights in the graph, experts in one operator": { externalFiles: [], experts: "fused" },
  "weights in three files": { externalFiles: ["a.bin", "b/c.bin", "d.onnx_data_1"] },
  "caches of another name": { pastName: "past" },
};

/**
 * The CPU computes sums of half floats in 32 bits and keeps them so for the next operator, as long as one session has
 * both. A cut behind such a sum sends what the graph says: 16 bits.
 */
export const ROUNDED_AT_CUTS: Readonly<Record<string, DecoderShape>> = {
  "16 bits, sums of their own": { dtype: "float16", norms: "plain", bits: 4 },
  "16 bits, primitive attention": { dtype: "float16", norms: "plain", attention: "primitive", positions: "rotary" },
};
