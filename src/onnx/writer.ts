/** Writes ONNX models: new parts field by field, and parts of other models as they were read. */
import { ELEMENT } from "./element-types";
import type { GraphNode } from "./node";
import { type ProtobufField, protobufFields, ProtobufMessage as Message } from "./protobuf";
import { ATTRIBUTE_TYPE, EXTERNAL_DATA, FIELD } from "./schema";
import type { Tensor } from "./tensor";

/** A part of a graph: as it was read (its `content`), or new. */
export type GraphPart = Uint8Array | Message;

/** A range of a file, with the length that `ExternalRange` may lack. */
export interface WeightRange {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** The parts of a graph. */
interface GraphParts {
  readonly nodes: Iterable<GraphPart>;
  readonly initializers: Iterable<GraphPart>;
  readonly inputs: Iterable<GraphPart>;
  readonly outputs: Iterable<GraphPart>;
  readonly described: Iterable<GraphPart>;
  readonly annotations: Iterable<GraphPart>;
  /** Fields that are taken over from another graph. */
  readonly otherFields: Iterable<ProtobufField>;
}

/** Writes a `ModelProto`. `modelFields` are taken over from another model. */
export function writeModel(modelFields: Iterable<ProtobufField>, parts: GraphParts): Uint8Array<ArrayBuffer> {
  const graph = new Message();
  const add = (field: number, messages: Iterable<GraphPart>): void => {
    for (const message of messages) graph.bytes(field, message);
  };
  add(FIELD.graph.node, parts.nodes);
  add(FIELD.graph.initializer, parts.initializers);
  add(FIELD.graph.input, parts.inputs);
  add(FIELD.graph.output, parts.outputs);
  add(FIELD.graph.valueInfo, parts.described);
  add(FIELD.graph.quantization, parts.annotations);
  for (const { raw } of parts.otherFields) graph.raw(raw);
  const model = new Message();
  for (const { raw } of modelFields) model.raw(raw);
  return model.bytes(FIELD.model.graph, graph).build();
}

/** A `NodeProto`. An empty domain stands for ONNX itself. */
export function nodeMessage(node: {
  readonly op: string;
  readonly domain?: string | undefined;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Iterable<Message>;
}): Message {
  const message = new Message();
  for (const input of node.inputs) message.bytes(FIELD.node.input, input);
  for (const output of node.outputs) message.bytes(FIELD.node.output, output);
  message.bytes(FIELD.node.name, node.name).bytes(FIELD.node.op, node.op);
  for (const attribute of node.attributes ?? []) message.bytes(FIELD.node.attribute, attribute);
  return node.domain ? message.bytes(FIELD.node.domain, node.domain) : message;
}

/** A node with another name, or other inputs or outputs; all else, such as its attributes, stays as it was read. */
export function rewiredNode(node: GraphNode, change: Partial<Pick<GraphNode, "name" | "inputs" | "outputs">>): Message {
  const { name, inputs, outputs } = { ...node, ...change };
  const message = new Message();
  for (const input of inputs) message.bytes(FIELD.node.input, input);
  for (const output of outputs) message.bytes(FIELD.node.output, output);
  message.bytes(FIELD.node.name, name);
  const replaced: readonly number[] = [FIELD.node.input, FIELD.node.output, FIELD.node.name];
  for (const { number, raw } of protobufFields(node.content)) if (!replaced.includes(number)) message.raw(raw);
  return message;
}

/** An `AttributeProto` with an integer. */
export function intAttributeMessage(name: string, value: number): Message {
  return new Message()
    .bytes(FIELD.attribute.name, name)
    .varint(FIELD.attribute.int, value)
    .varint(FIELD.attribute.type, ATTRIBUTE_TYPE.int);
}

/** A `TensorProto` with its content inside, or in the file that a range names. */
export function tensorMessage(
  { name, type, dims }: Pick<Tensor, "name" | "type" | "dims">,
  content: Uint8Array | WeightRange,
): Message {
  const message = new Message();
  for (const dim of dims) message.varint(FIELD.tensor.dim, dim);
  message.varint(FIELD.tensor.type, type).bytes(FIELD.tensor.name, name);
  return content instanceof Uint8Array ? message.bytes(FIELD.tensor.raw, content) : placed(message, content);
}

/** A one-dimensional `TensorProto` of integers, with its content inside. */
export function integersMessage(name: string, values: readonly number[]): Message {
  const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return tensorMessage({ name, type: ELEMENT.int64, dims: [values.length] }, raw);
}

/** A tensor whose content has moved to another place outside of the graph. */
export function movedTensor({ content }: Tensor, range: WeightRange): Message {
  const message = new Message();
  for (const { number, raw } of protobufFields(content)) {
    if (number !== FIELD.tensor.external && number !== FIELD.tensor.location) message.raw(raw);
  }
  return placed(message, range);
}

/** A `ValueInfoProto` of a tensor. A text in its shape names an open dimension. */
export function portMessage(name: string, type: number, shape: readonly (number | string)[]): Message {
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

/** Adds to a `TensorProto` without content where that lies. */
export function placed(tensor: Message, { location, offset, length }: WeightRange): Message {
  for (const [key, value] of Object.entries({ location, offset, length })) {
    const entry = new Message().bytes(FIELD.entry.key, key).bytes(FIELD.entry.value, String(value));
    tensor.bytes(FIELD.tensor.external, entry);
  }
  return tensor.varint(FIELD.tensor.location, EXTERNAL_DATA);
}
