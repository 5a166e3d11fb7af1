/** Bytes of the parts of a decoder where weights take more memory than their files say. */
import { collectParts } from "./parts";
import { planOf } from "./plan";
import type { DecoderGraph, StageRange } from "./types";

/** Bytes of the weights of each part of a decoder. */
export type PartBytes = Pick<DecoderGraph, "embeddingBytes" | "layerBytes" | "headBytes">;

/** The bytes of each part if some of its constants, by their names, take more bytes, by the numbers in `more`. */
export function partBytes(decoder: DecoderGraph, more: ReadonlyMap<string, number>): PartBytes {
  const plan = planOf(decoder);
  const { layers } = decoder;
  const added = (range: StageRange, bytes: number): number =>
    collectParts(plan, range).constants.reduce((sum, { name }) => sum + (more.get(name) ?? 0), bytes);
  return {
    embeddingBytes: added({ embed: true, from: 0, to: 0, head: false }, decoder.embeddingBytes),
    layerBytes: decoder.layerBytes.map((bytes, layer) =>
      added({ embed: false, from: layer, to: layer + 1, head: false }, bytes),
    ),
    headBytes: added({ embed: false, from: layers, to: layers, head: true }, decoder.headBytes),
  };
}
