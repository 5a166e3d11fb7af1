/** Writes the pieces of ONNX that a stage has and its model has not. */
import { FIELD, ProtobufMessage as Message, protobufFields } from "../../onnx";
import { ELEMENT } from "../../onnx";
import { readConstant } from "../../onnx";
import type { Relocation } from "./ranges";

/** `DataLocation` of onnx.proto3. */
const EXTERNAL = 1;

/** `AttributeType` of onnx.proto3. */
const INT = 2;

/** A `NodeProto` of ONNX itself. */
export function operator(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
): Message {
  const node = new Message();
  for (const input of inputs) node.bytes(FIELD.node.input, input);
  node.bytes(FIELD.node.output, output).bytes(FIELD.node.name, `${output}/${op}`).bytes(FIELD.node.op, op);
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = new Message().bytes(FIELD.attribute.name, name).varint(FIELD.attribute.int, value);
    node.bytes(FIELD.node.attribute, attribute.varint(FIELD.attribute.type, INT));
  }
  return node;
}

/** A `TensorProto` of integers that stand in the graph. */
export function integerConstant(name: string, values: readonly number[]): Message {
  return new Message()
    .varint(FIELD.tensor.dim, values.length)
    .varint(FIELD.tensor.type, ELEMENT.int64)
    .bytes(FIELD.tensor.name, name)
    .bytes(FIELD.tensor.raw, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

/** A `ValueInfoProto` of a tensor. */
export function port(name: string, type: number, shape: readonly (number | string)[]): Message {
  const dims = new Message();
  for (const dim of shape) {
    const size = new Message();
    if (typeof dim === "number") size.varint(FIELD.dim.value, dim);
    else size.bytes(FIELD.dim.name, dim);
    dims.bytes(FIELD.shape.dim, size);
  }
  const tensor = new Message().varint(FIELD.tensorType.element, type).bytes(FIELD.tensorType.shape, dims);
  return new Message()
    .bytes(FIELD.port.name, name)
    .bytes(FIELD.port.type, new Message().bytes(FIELD.type.tensor, tensor));
}

/** A `TensorProto` whose content is looked for where it went; those that stand in the graph stay as they are. */
export function relocatedTensor(content: Uint8Array, relocation: Relocation): Uint8Array {
  const { external } = readConstant(content);
  if (!external) return content;
  const { file, at } = relocation.place(external);
  const tensor = new Message();
  for (const { number, raw } of protobufFields(content)) {
    if (number !== FIELD.tensor.external && number !== FIELD.tensor.location) tensor.raw(raw);
  }
  const entries = { location: file, offset: String(at), length: String(external.length) };
  for (const [key, value] of Object.entries(entries)) {
    tensor.bytes(FIELD.tensor.external, new Message().bytes(FIELD.entry.key, key).bytes(FIELD.entry.value, value));
  }
  return tensor.varint(FIELD.tensor.location, EXTERNAL).build();
}
