/** Writes a GGUF file again with all its numbers as 32-bit floats, so that llama.cpp computes without rounding to codes. */
import { FORMAT } from "../../../src/gguf";
import { blockMatrix, floats } from "../blocks";
import type { Gguf, GgufTensor } from "../gguf";

const ALIGNMENT = 32;

/** The pieces of the new file, in order. */
export function floatGguf({ head, tensors }: Gguf): Uint8Array[] {
  const pieces = [...tensors.values()].map((tensor) => ({ tensor, bytes: floatBytes(tensor) }));
  let offset = 0;
  const infos = pieces.map(({ tensor, bytes }) => {
    const info = tensorInfo(tensor, offset);
    offset += padded(bytes.length);
    return info;
  });
  const headBytes = head.length + infos.reduce((sum, info) => sum + info.length, 0);
  return [head, ...infos, padding(headBytes), ...pieces.flatMap(({ bytes }) => [bytes, padding(bytes.length)])];
}

function floatBytes(tensor: GgufTensor): Uint8Array {
  return tensor.format === FORMAT.float32 ? tensor.bytes : new Uint8Array(floats(blockMatrix(tensor)).buffer);
}

function tensorInfo({ name, dims }: GgufTensor, offset: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(8 + text.length + 4 + 8 * dims.length + 4 + 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  view.setUint32(at, dims.length, true);
  at += 4;
  for (const dim of dims) {
    view.setBigUint64(at, BigInt(dim), true);
    at += 8;
  }
  view.setUint32(at, FORMAT.float32, true);
  view.setBigUint64(at + 4, BigInt(offset), true);
  return bytes;
}

const padded = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
const padding = (bytes: number): Uint8Array => new Uint8Array(padded(bytes) - bytes);
