/** Builds graphs field by field that no exporter would write. For tests; never bundled. */
import { ProtobufMessage as Message } from "../../../onnx";

/** Options for a decoder that is only wiring; tests add fields to it. */
interface HostileGraph {
  /** Layers; 1 by default. */
  readonly layers?: number;
  /** Length of a chain of operators outside the layers; every layer needs its result. */
  readonly shared?: number;
  /** Shape of each layer's state. */
  readonly state?: readonly (number | string)[];
  /** Width of the hidden state between layers. */
  readonly width?: number;
  /** Shape of each layer's weight, which lies in an external file. */
  readonly weight?: readonly number[];
  /** Add fields to the graph or to the model. */
  readonly graph?: (graph: Message) => void;
  readonly model?: (model: Message) => void;
}

/** Writes the graph. */
export function hostileGraph(options: HostileGraph): Uint8Array<ArrayBuffer> {
  const { layers = 1, shared = 0, state = ["b", 1, "p", 4], width = 4, weight } = options;
  const graph = new Message();
  let last = "attention_mask";
  for (let index = 0; index < shared; index++) {
    graph.bytes(1, node("Identity", [last], [`shared${index}`]));
    last = `shared${index}`;
  }
  graph.bytes(1, node("Gather", ["table", "input_ids"], ["x0"])).bytes(13, port("x0", 1, ["b", "s", width]));
  graph.bytes(5, constant("table", [8, 4], new Uint8Array(128)));
  for (let layer = 0; layer < layers; layer++) {
    const inputs = [`x${layer}`, last, ...(weight ? [`weight${layer}`] : []), `past.${layer}.key`];
    graph.bytes(1, node("Attention", inputs, [`x${layer + 1}`, `present.${layer}.key`]));
    graph.bytes(13, port(`x${layer + 1}`, 1, ["b", "s", width]));
    graph.bytes(11, port(`past.${layer}.key`, 1, state)).bytes(12, port(`present.${layer}.key`, 1, state));
    if (weight) graph.bytes(5, externalConstant(`weight${layer}`, weight));
  }
  graph.bytes(1, node("Identity", [`x${layers}`], ["logits"])).bytes(12, port("logits", 1, ["b", "s", 8]));
  graph.bytes(11, port("input_ids", 7, ["b", "s"])).bytes(11, port("attention_mask", 7, ["b", "s"]));
  options.graph?.(graph);
  const model = new Message().varint(1, 8);
  options.model?.(model);
  return model.bytes(7, graph).build();
}

/** A `NodeProto`; the attributes are written as given. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  { domain = "", attributes = [] }: { domain?: string; attributes?: readonly Message[] } = {},
): Message {
  const message = new Message();
  for (const input of inputs) message.bytes(1, input);
  for (const output of outputs) message.bytes(2, output);
  message.bytes(4, op).bytes(7, domain);
  for (const attribute of attributes) message.bytes(5, attribute);
  return message;
}

/** A `ValueInfoProto` of a tensor. */
export function port(name: string, type: number, shape: readonly (number | string)[]): Message {
  const dims = new Message();
  for (const dim of shape) {
    dims.bytes(1, typeof dim === "number" ? new Message().varint(1, dim) : new Message().bytes(2, dim));
  }
  const tensor = new Message().varint(1, type).bytes(2, dims);
  return new Message().bytes(1, name).bytes(2, new Message().bytes(1, tensor));
}

/** A `TensorProto` inside the graph, of floats or of the given type. */
export function constant(name: string, dims: readonly number[], raw: Uint8Array, type = 1): Message {
  return tensor(name, dims, type).bytes(9, raw);
}

/** A `TensorProto` of 64-bit integers. */
export function integers(name: string, values: readonly number[]): Message {
  return constant(name, [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer), 7);
}

/** A `TensorProto` that claims to have its floats in an external file. */
function externalConstant(name: string, dims: readonly number[]): Message {
  return tensor(name, dims, 1).bytes(13, new Message().bytes(1, "location").bytes(2, "w.bin")).varint(14, 1);
}

/** A `TensorProto` without content. */
export function tensor(name: string, dims: readonly number[], type: number): Message {
  const message = new Message();
  for (const dim of dims) message.varint(1, dim);
  return message.varint(2, type).bytes(8, name);
}
