/** The numbers of small constants inside a graph: shapes, axes, sizes. */
import { readFields } from "./bounds";
import { ELEMENT } from "./element-types";
import type { ProtobufField } from "./protobuf";
import { FIELD } from "./schema";
import type { Tensor } from "./tensor";

/** Largest constant that is read, bytes. */
const MAX_BYTES = 1024;

/** The numbers of a small constant of integers; undefined for all others. */
export function smallIntegers(tensor: Tensor): readonly number[] | undefined {
  return tensor.type === ELEMENT.int64 || tensor.type === ELEMENT.int32 ? smallNumbers(tensor) : undefined;
}

/** The numbers of a small constant of integers or 32-bit floats; undefined for all others. */
export function smallNumbers({ type, bytes, external, content }: Tensor): readonly number[] | undefined {
  if (external || bytes === undefined || bytes > MAX_BYTES) return undefined;
  const typed = { [ELEMENT.int64]: FIELD.tensor.int64s, [ELEMENT.int32]: FIELD.tensor.int32s }[type];
  const numbers: number[] = [];
  for (const field of readFields(content)) {
    if (field.number === FIELD.tensor.raw && field.bytes) return rawNumbers(type, field.bytes);
    if (field.number === typed) numbers.push(...signedNumbers(field));
    if (numbers.length > MAX_BYTES) return undefined;
  }
  return numbers.length > 0 ? numbers : undefined;
}

/** Integers of a field, single or packed, including negative ones; not more than a small constant has. */
export function signedNumbers({ value, bytes, raw }: ProtobufField): readonly number[] {
  if (value !== undefined && value < 2 ** 63) return [value];
  // Negative numbers always take ten bytes.
  const content = value === undefined ? (bytes ?? new Uint8Array()) : raw.subarray(-10);
  const numbers: number[] = [];
  let [bits, shift] = [0n, 0n];
  for (const byte of content.subarray(0, 10 * MAX_BYTES)) {
    bits |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    numbers.push(Number(BigInt.asIntN(64, bits)));
    [bits, shift] = [0n, 0n];
  }
  return numbers;
}

function rawNumbers(type: number, bytes: Uint8Array): readonly number[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = type === ELEMENT.int64 ? 8 : 4;
  const at = (index: number): number => {
    if (type === ELEMENT.int64) return Number(view.getBigInt64(index * size, true));
    return type === ELEMENT.int32 ? view.getInt32(index * size, true) : view.getFloat32(index * size, true);
  };
  if (type !== ELEMENT.int64 && type !== ELEMENT.int32 && type !== ELEMENT.float32) return undefined;
  return Array.from({ length: Math.min(MAX_BYTES, Math.floor(bytes.length / size)) }, (_, index) => at(index));
}
