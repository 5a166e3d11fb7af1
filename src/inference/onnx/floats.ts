/** Floating-point numbers as the bytes that tensors consist of, also in browsers whose arrays do not know halves. */

import { uniformAt } from "../sampling";

/** The types of numbers that caches, hidden states and logits have. */
export type FloatType = "float32" | "float16";

/** Bytes of one number. */
export function floatBytes(type: FloatType): number {
  return type === "float32" ? 4 : 2;
}

/** The number that 16 bits of IEEE 754 half precision stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Random numbers repeat after this many: a prime, so that no two rows are equal, and few enough to be drawn quickly. */
const DRAWS = 4099;

/**
 * Random numbers of either sign, as bytes; the same for the same seed. The number at `index` is between `2 ** powerAt(index)`
 * and twice that. For tests of kernels, not for sampling.
 */
export function randomFloats(
  type: FloatType,
  count: number,
  seed: number,
  powerAt: (index: number) => number,
): Uint8Array<ArrayBuffer> {
  const draws = Float64Array.from({ length: Math.min(count, DRAWS) }, (_, index) => 2 * uniformAt(seed, index) - 1);
  const bytes = new Uint8Array(count * floatBytes(type));
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index++) {
    const draw = draws[index % DRAWS]!;
    const [sign, fraction, power] = [draw < 0, Math.abs(draw), powerAt(index)];
    if (type === "float32") view.setFloat32(4 * index, (sign ? -1 : 1) * (1 + fraction) * 2 ** power, true);
    else view.setUint16(2 * index, (sign ? 0x8000 : 0) | ((power + 15) << 10) | Math.floor(fraction * 0x3ff), true);
  }
  return bytes;
}

/** The number of every half: a large vocabulary's logits are read at each token, and looking up is quick. */
let table: Float32Array | undefined;

/** The numbers in little-endian bytes, as 32-bit floats. */
export function readFloats(type: FloatType, bytes: Uint8Array): Float32Array {
  return type === "float16" ? halvesToFloats(bytes) : new Float32Array(bytes.slice().buffer);
}

/** Whether all numbers are finite. All bits of the exponent are set in infinities and NaN. */
export function allFinite(bytes: Uint8Array<ArrayBuffer>, type: FloatType): boolean {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (type === "float32") {
    const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
    return words.every((word) => (word & 0x7f800000) !== 0x7f800000);
  }
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
  return halves.every((half) => (half & 0x7c00) !== 0x7c00);
}

/** Halves as 32-bit floats. `bytes` holds the bits, two bytes each, little-endian as in all of WebAssembly's memory. */
function halvesToFloats(bytes: Uint8Array): Float32Array {
  const numbers = (table ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits)));
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1);
  const floats = new Float32Array(halves.length);
  for (let index = 0; index < floats.length; index++) floats[index] = numbers[halves[index]!]!;
  return floats;
}
