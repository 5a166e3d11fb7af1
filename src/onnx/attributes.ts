/** Values of an operator's attributes. They are read on demand, since most are never looked at. */
import { readFields } from "./bounds";
import type { GraphNode } from "./node";
import type { ProtobufField } from "./protobuf";
import { FIELD } from "./schema";
import { signedNumbers, smallNumbers } from "./small-numbers";
import { readTensor, type Tensor } from "./tensor";

/** An integer attribute; undefined if it is absent or below -128. */
export function intAttribute(node: GraphNode, name: string): number | undefined {
  const field = attributeField(node, name, FIELD.attribute.int);
  if (field?.value === undefined || Number.isSafeInteger(field.value)) return field?.value;
  // Ten bytes, the lowest seven bits first: a varint's value cannot hold negative numbers exactly.
  const [low = 0, ...high] = field.raw.subarray(1);
  return high.length === 9 && high.slice(0, 8).every((byte) => byte === 0xff) ? (low & 0x7f) - 0x80 : undefined;
}

/** A tensor attribute; undefined if it is absent. */
export function tensorAttribute(node: GraphNode, name: string): Tensor | undefined {
  const bytes = attributeField(node, name, FIELD.attribute.tensor)?.bytes;
  return bytes && readTensor(bytes);
}

/** The numbers of an `AttributeProto` with integers or a small tensor; undefined for others, and for more than `max`. */
export function attributeNumbers(content: Uint8Array, max: number): readonly number[] | undefined {
  const numbers: number[] = [];
  for (const field of readFields(content)) {
    if (field.number === FIELD.attribute.tensor && field.bytes) return smallNumbers(readTensor(field.bytes));
    if (field.number === FIELD.attribute.int || field.number === FIELD.attribute.ints) {
      for (const number of signedNumbers(field)) numbers.push(number);
    }
    if (numbers.length > max) return undefined;
  }
  return numbers.length > 0 ? numbers : undefined;
}

function attributeField(node: GraphNode, name: string, number: number): ProtobufField | undefined {
  const content = node.attributes.get(name);
  if (!content) return undefined;
  for (const field of readFields(content)) if (field.number === number) return field;
  return undefined;
}
