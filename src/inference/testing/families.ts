/** Random decoders of the families that keep more than keys and values between runs. For tests; never bundled. */
import type { DecoderShape } from "./decoder-shape";

/** By what they have in place of attention, or beside it. */
export const FAMILIES: Readonly<Record<string, DecoderShape>> = {
  "short convolutions": { mixers: { 0: "convolution", 1: "convolution" }, queryKeyNorm: true },
  "the delta rule": { mixers: { 0: "delta", 1: "delta" }, positions: "rotary", positionIds: "three", norms: "plain" },
  "Mamba layers": { mixers: { 0: "mamba", 1: "mamba" } },
  "Mamba beside attention": { mixers: { 0: "mamba-and-attention", 1: "mamba-and-attention" } },
};
