/** Element types of onnx.proto3, by the names that ONNX Runtime gives them. */

const TYPES = {
  1: ["float32", 32],
  2: ["uint8", 8],
  3: ["int8", 8],
  4: ["uint16", 16],
  5: ["int16", 16],
  6: ["int32", 32],
  7: ["int64", 64],
  9: ["bool", 8],
  10: ["float16", 16],
  11: ["float64", 64],
  12: ["uint32", 32],
  13: ["uint64", 64],
  16: ["bfloat16", 16],
  17: ["float8e4m3fn", 8],
  18: ["float8e4m3fnuz", 8],
  19: ["float8e5m2", 8],
  20: ["float8e5m2fnuz", 8],
  21: ["uint4", 4],
  22: ["int4", 4],
  23: ["float4e2m1", 4],
  24: ["float8e8m0", 8],
  25: ["uint2", 2],
  26: ["int2", 2],
} as const satisfies Readonly<Record<number, readonly [name: string, bits: number]>>;

/** An element type by its name. */
export type ElementType = (typeof TYPES)[keyof typeof TYPES][0];

/** Numbers of the types that are written or compared here. */
export const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;

/** The name of an element type; undefined for strings and unknown types. */
export function elementName(type: number): ElementType | undefined {
  return entry(type)?.[0];
}

/** Size of `count` elements, where those of 4 and 2 bits are packed; undefined for strings and unknown types. */
export function elementBytes(type: number, count: number): number | undefined {
  const bits = entry(type)?.[1];
  return bits === undefined ? undefined : Math.ceil((count * bits) / 8);
}

function entry(type: number): readonly [ElementType, number] | undefined {
  return Object.hasOwn(TYPES, type) ? TYPES[type as keyof typeof TYPES] : undefined;
}

/** The number of an element type. */
export function elementNumber(name: ElementType): number {
  return Number(Object.entries(TYPES).find(([, [other]]) => other === name)?.[0]);
}
