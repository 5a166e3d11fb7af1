/** A whole ONNX graph in memory, without its weights, checked for what every later step takes for granted. */
import { FIELD } from "./onnx-file";
import type { ProtobufField } from "./protobuf";
import { MicrogridError } from "../core";
import { cannotSplit, damaged } from "./errors";
import {
  fields,
  type GraphConstant,
  type GraphNode,
  type GraphPort,
  readConstant,
  readNode,
  readPort,
} from "./graph-parts";
import { WorkCount, MAX_FIELDS, MAX_WEIGHT_BYTES } from "./limits";

/** A graph whose operators stand in the order in which they can run, each value made once. */
export interface Graph {
  /** Fields of the model beside its graph: versions, operator sets, functions, metadata. */
  readonly modelFields: readonly ProtobufField[];
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, GraphConstant>;
  /** Without those that only are defaults for constants. */
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  /** What the file says about values inside. */
  readonly described: ReadonlyMap<string, GraphPort>;
  /** The operator that makes a value. */
  readonly maker: ReadonlyMap<string, number>;
  /** Fields of the graph that are none of the above, such as its name. */
  readonly otherFields: readonly ProtobufField[];
}

/**
 * Reads a graph. Throws `not-a-model` for bytes that are no ONNX model, `file-corrupt` for those that end early or
 * contradict themselves, `unsupported-model` for what no stage could be given.
 */
export function readGraph(bytes: Uint8Array, maxFields = MAX_FIELDS): Graph {
  const modelFields: ProtobufField[] = [];
  const count = new WorkCount(maxFields);
  try {
    for (const field of fields(bytes, count)) modelFields.push(field);
    const [graph, ...others] = modelFields.filter(({ number }) => number === FIELD.model.graph);
    if (!graph?.bytes || others.length > 0) throw notAModel();
    return checked(
      modelFields.filter((field) => field !== graph),
      graph.bytes,
      count,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw modelFields.length > 0 || startsLikeAModel(bytes) ? damaged("it ends early or has gaps", error) : notAModel();
  }
}

/** Names in a graph: what most of the work of splitting it grows with. */
export function namesIn({ nodes, constants, inputs, outputs, described }: Graph): number {
  const wired = nodes.reduce(
    (sum, node) => sum + 1 + node.inputs.length + node.captured.length + node.outputs.length,
    0,
  );
  return wired + constants.size + inputs.length + outputs.length + described.size;
}

function checked(modelFields: readonly ProtobufField[], content: Uint8Array, count: WorkCount): Graph {
  const nodes: GraphNode[] = [];
  const constants = new Map<string, GraphConstant>();
  const inputs: GraphPort[] = [];
  const outputs: GraphPort[] = [];
  const described = new Map<string, GraphPort>();
  const otherFields: ProtobufField[] = [];
  for (const field of fields(content, count)) {
    const { number, bytes, raw } = field;
    if (!bytes) continue;
    if (number === FIELD.graph.node) nodes.push(readNode(bytes, count));
    else if (number === FIELD.graph.initializer) {
      const constant = readConstant(bytes, count);
      if (constants.has(constant.name)) throw damaged(`two constants are named “${constant.name}”`);
      constants.set(constant.name, constant);
    } else if (number === FIELD.graph.input) inputs.push(readPort(bytes, raw, count));
    else if (number === FIELD.graph.output) outputs.push(readPort(bytes, raw, count));
    else if (number === FIELD.graph.valueInfo) {
      const port = readPort(bytes, raw, count);
      described.set(port.name, port);
    } else if (number === FIELD.graph.sparseInitializer) throw cannotSplit("it has sparse weights");
    else otherFields.push(field);
  }
  if (nodes.length === 0) throw notAModel();
  checkPorts("input", inputs);
  checkPorts("output", outputs);
  checkWeights(constants.values());
  const freeInputs = inputs.filter(({ name }) => !constants.has(name));
  const known = new Set([...constants.keys(), ...freeInputs.map(({ name }) => name)]);
  const maker = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    for (const name of [...node.inputs, ...node.captured]) {
      if (name !== "" && !known.has(name)) throw damaged(`“${node.name || node.op}” uses “${name}” before it is made`);
    }
    for (const name of node.outputs) {
      if (name === "") continue;
      if (known.has(name)) throw damaged(`“${name}” is made twice`);
      known.add(name);
      maker.set(name, index);
    }
  }
  const lost = outputs.find(({ name }) => !known.has(name));
  if (lost) throw damaged(`nothing makes its output “${lost.name}”`);
  return { modelFields, nodes, constants, inputs: freeInputs, outputs, described, maker, otherFields };
}

function checkPorts(kind: string, ports: readonly GraphPort[]): void {
  const names = new Set<string>();
  for (const { name } of ports) {
    if (names.has(name)) throw damaged(`it has two of the ${kind} “${name}”`);
    names.add(name);
  }
}

/** No file has to be there yet: what a graph says of its weights is all that later sums are made of. */
function checkWeights(constants: Iterable<GraphConstant>): void {
  let total = 0;
  for (const { bytes } of constants) total += bytes;
  if (total > MAX_WEIGHT_BYTES) throw cannotSplit("its graph speaks of more than a tebibyte of weights");
}

/** The first field of every model is its version, a small number. */
function startsLikeAModel(bytes: Uint8Array): boolean {
  return bytes[0] === 8 && (bytes[1] ?? 0xff) < 0x80;
}

function notAModel(): MicrogridError {
  return new MicrogridError(
    "not-a-model",
    "This file is not an ONNX model: it has no graph. Check the address that it came from.",
  );
}
