/** What an ONNX file says about its graph: operators, wiring and external data, read without the weights. */
import { MicrogridError } from "../core";
import { protobufFields as fields, protobufText as text } from "./protobuf";

/** One operator of a graph. */
export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A byte range of a file beside the graph that holds one weight. */
export interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  /** Undefined where the file does not tell; then it reaches to the end. */
  readonly length: number | undefined;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly external: readonly ExternalRange[];
  /** True where an operator has a graph of its own inside (`If`, `Loop`), whose wiring is not listed. */
  readonly hasSubgraphs: boolean;
}

/** Field numbers of onnx.proto3, by message. */
export const FIELD = {
  model: { graph: 7 },
  graph: {
    node: 1,
    name: 2,
    initializer: 5,
    input: 11,
    output: 12,
    valueInfo: 13,
    quantization: 14,
    sparseInitializer: 15,
  },
  node: { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 },
  attribute: { name: 1, int: 3, tensor: 5, graph: 6, ints: 8, tensors: 10, graphs: 11, type: 20 },
  tensor: { dim: 1, type: 2, int32s: 5, int64s: 7, name: 8, raw: 9, external: 13, location: 14 },
  entry: { key: 1, value: 2 },
  port: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, name: 2 },
  quantization: { tensor: 1 },
} as const;

/** Parses a `ModelProto`. Throws `not-a-model` for bytes that are none, `file-corrupt` where they end early. */
export function readOnnxGraph(bytes: Uint8Array): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const external: ExternalRange[] = [];
  let hasSubgraphs = false;
  let readFields = 0;
  try {
    for (const model of fields(bytes)) {
      readFields++;
      if (model.number !== FIELD.model.graph || !model.bytes) continue;
      for (const field of fields(model.bytes)) {
        if (field.number === FIELD.graph.node && field.bytes) {
          const { node, subgraph } = readNode(field.bytes);
          nodes.push(node);
          hasSubgraphs ||= subgraph;
        } else if (field.number === FIELD.graph.initializer && field.bytes) {
          const range = readExternal(field.bytes);
          if (range) external.push(range);
        }
      }
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // A model begins with small fields (version, producer); what does not even have those is something else.
    throw readFields > 0
      ? damagedGraph(cause)
      : new MicrogridError("not-a-model", "This file is not an ONNX model. Check the address that it came from.", {
          cause,
        });
  }
  if (nodes.length === 0) {
    throw new MicrogridError(
      "not-a-model",
      "This file is not an ONNX model: it has no graph. Check the address it came from.",
    );
  }
  return { nodes, external, hasSubgraphs };
}

/** The error of a graph file that begins like one and then does not go on like one. */
export function damagedGraph(cause: RangeError): MicrogridError {
  return new MicrogridError(
    "file-corrupt",
    "The model's graph file is cut off or damaged. Remove the model and load it again.",
    { cause },
  );
}

function readNode(bytes: Uint8Array): { node: OnnxNode; subgraph: boolean } {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let op = "";
  let domain = "";
  let subgraph = false;
  for (const { number, bytes: value } of fields(bytes)) {
    if (!value) continue;
    if (number === FIELD.node.input) inputs.push(text(value));
    else if (number === FIELD.node.output) outputs.push(text(value));
    else if (number === FIELD.node.op) op = text(value);
    else if (number === FIELD.node.domain) domain = text(value);
    else if (number === FIELD.node.attribute) {
      for (const field of fields(value))
        subgraph ||= field.number === FIELD.attribute.graph || field.number === FIELD.attribute.graphs;
    }
  }
  return { node: { op, domain, inputs, outputs }, subgraph };
}

/** Where a tensor's external data lie; undefined for one that has none. Throws `RangeError` for bytes that are none. */
export function readExternal(tensor: Uint8Array): ExternalRange | undefined {
  const entries = new Map<string, string>();
  for (const { number, bytes } of fields(tensor)) {
    if (number !== FIELD.tensor.external || !bytes) continue;
    let key = "";
    let value = "";
    for (const entry of fields(bytes)) {
      if (entry.number === FIELD.entry.key && entry.bytes) key = text(entry.bytes);
      if (entry.number === FIELD.entry.value && entry.bytes) value = text(entry.bytes);
    }
    entries.set(key, value);
  }
  const location = entries.get("location");
  if (location === undefined) return undefined;
  const length = entries.get("length");
  return {
    location,
    offset: Number(entries.get("offset") ?? 0),
    length: length === undefined ? undefined : Number(length),
  };
}
