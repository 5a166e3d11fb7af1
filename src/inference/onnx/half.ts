/** Half-precision numbers, for browsers whose arrays do not know them. */

/** The number that 16 bits of IEEE 754 half precision stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The number of every half: a large vocabulary's logits are read at each token, and looking up is quick. */
let table: Float32Array | undefined;

/** Halves as 32-bit floats. `bytes` holds the bits, two bytes each, little-endian. */
export function halvesToFloats(bytes: Uint8Array): Float32Array {
  table ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => halfToNumber(bits));
  const floats = new Float32Array(bytes.length >> 1);
  for (let index = 0; index < floats.length; index++) {
    floats[index] = table[(bytes[index * 2] ?? 0) | ((bytes[index * 2 + 1] ?? 0) << 8)] ?? 0;
  }
  return floats;
}
