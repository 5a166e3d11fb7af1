/** What an ONNX file says about its graph: operators, wiring and external data, read without the weights. */
import { MicrogridError } from "../../core";

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

// Field numbers of onnx.proto3.
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_INITIALIZER = 5;
const NODE = { input: 1, output: 2, op: 4, attribute: 5, domain: 7 };
const ATTRIBUTE_GRAPH = 6;
const ATTRIBUTE_GRAPHS = 11;
const TENSOR_EXTERNAL = 13;

/** Parses a `ModelProto`. Throws `not-a-model` for bytes that are none, `file-corrupt` where they end early. */
export function readOnnxGraph(bytes: Uint8Array): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const external: ExternalRange[] = [];
  let hasSubgraphs = false;
  let readFields = 0;
  try {
    for (const model of fields(bytes)) {
      readFields++;
      if (model.number !== MODEL_GRAPH || !model.bytes) continue;
      for (const field of fields(model.bytes)) {
        if (field.number === GRAPH_NODE && field.bytes) {
          const { node, subgraph } = readNode(field.bytes);
          nodes.push(node);
          hasSubgraphs ||= subgraph;
        } else if (field.number === GRAPH_INITIALIZER && field.bytes) {
          const range = readExternal(field.bytes);
          if (range) external.push(range);
        }
      }
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // A model begins with small fields (version, producer); what does not even have those is something else.
    throw readFields > 0
      ? new MicrogridError(
          "file-corrupt",
          "The model's graph file is cut off or damaged. Remove the model and load it again.",
          { cause },
        )
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

function readNode(bytes: Uint8Array): { node: OnnxNode; subgraph: boolean } {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let op = "";
  let domain = "";
  let subgraph = false;
  for (const { number, bytes: value } of fields(bytes)) {
    if (!value) continue;
    if (number === NODE.input) inputs.push(text(value));
    else if (number === NODE.output) outputs.push(text(value));
    else if (number === NODE.op) op = text(value);
    else if (number === NODE.domain) domain = text(value);
    else if (number === NODE.attribute) {
      for (const field of fields(value))
        subgraph ||= field.number === ATTRIBUTE_GRAPH || field.number === ATTRIBUTE_GRAPHS;
    }
  }
  return { node: { op, domain, inputs, outputs }, subgraph };
}

function readExternal(tensor: Uint8Array): ExternalRange | undefined {
  const entries = new Map<string, string>();
  for (const { number, bytes } of fields(tensor)) {
    if (number !== TENSOR_EXTERNAL || !bytes) continue;
    let key = "";
    let value = "";
    for (const entry of fields(bytes)) {
      if (entry.number === 1 && entry.bytes) key = text(entry.bytes);
      if (entry.number === 2 && entry.bytes) value = text(entry.bytes);
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

interface Field {
  readonly number: number;
  /** Content of a length-delimited field; undefined for numbers, whose value nobody here needs. */
  readonly bytes: Uint8Array | undefined;
}

/** The fields of one protobuf message. Throws `RangeError` where the bytes are not one. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("protobuf: number without end");
  };
  const skip = (count: number): Uint8Array => {
    if (count > bytes.length - at) throw new RangeError("protobuf: field reaches past the end");
    at += count;
    return bytes.subarray(at - count, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError("protobuf: field number 0");
    if (tag % 8 === 0) {
      varint();
      yield { number, bytes: undefined };
    } else if (tag % 8 === 2) yield { number, bytes: skip(varint()) };
    else if (tag % 8 === 1 || tag % 8 === 5) {
      skip(tag % 8 === 1 ? 8 : 4);
      yield { number, bytes: undefined };
    } else throw new RangeError(`protobuf: wire type ${tag % 8}`);
  }
}

const decoder = new TextDecoder();
function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
