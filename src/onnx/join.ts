/** Joins two graphs of which one makes inputs of the other, so that everything else meets a single graph. */
import { MicrogridError } from "../core";
import { elementName } from "./element-types";
import { type Graph, readGraph } from "./graph";
import type { GraphNode } from "./node";
import { opsets } from "./opsets";
import type { GraphPort } from "./port";
import { protobufFields, ProtobufMessage as Message } from "./protobuf";
import { FIELD } from "./schema";
import { type GraphPart, intAttributeMessage, nodeMessage, rewiredNode, writeModel } from "./writer";

/** Names of the first graph get this in front, so that they cannot meet those of the second. */
const PREFIX = "microgrid.join/";
/** The oldest operator set that is joined with another one. */
const OLDEST_OPSET = 13;
/** Operators of ONNX itself that mean the same in every set from `OLDEST_OPSET` on. */
const LASTING = new Set([
  ...["Add", "And", "Cast", "Clip", "Concat", "Constant", "ConstantOfShape", "DequantizeLinear", "Div", "Equal"],
  ...["Expand", "Gather", "GatherElements", "GatherND", "Greater", "Identity", "Less", "MatMul", "Max", "Min", "Mul"],
  ...["Neg", "Not", "Or", "Pow", "Range", "ReduceSum", "Reshape", "Shape", "Slice", "Sqrt", "Squeeze", "Sub"],
  ...["Transpose", "Unsqueeze", "Where"],
]);

/**
 * The graph that runs `first` and then `second`: outputs of `first` become the inputs of `second` that have their names, and
 * are converted where the types differ. Its inputs are all others of both, its outputs those of `second`. The locations of
 * external data stay. Throws like `readGraph`, and `unsupported-model` if the two cannot be joined.
 */
export function joinGraphs(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const [front, back] = [readGraph(first), readGraph(second)];
  checkFront(front, back);
  const types = new Map(front.outputs.map(({ name, type }) => [name, type]));
  const links = back.inputs.filter(({ name }) => types.has(name));
  if (links.length === 0) throw joinFault("none of its outputs is an input of the other");
  const given = new Set(front.inputs.map(({ name }) => name));
  const weights = new Set(front.initializers.map(({ name }) => name));
  const direct = new Set(links.filter(({ name, type }) => types.get(name) === type).map(({ name }) => name));
  const rename = (name: string): string =>
    name === "" || direct.has(name) || (given.has(name) && !weights.has(name)) ? name : PREFIX + name;
  const casts = links.filter(({ name }) => !direct.has(name)).map((port) => cast(port, rename(port.name)));
  const open = back.inputs.filter(({ name }) => !types.has(name) && !given.has(name));
  const inputs = [...front.inputs.filter(({ name }) => !weights.has(name)), ...open];
  const described = [...front.described.values(), ...front.outputs].filter(({ name }) => !given.has(name));
  return writeModel(modelFields(front, back), {
    nodes: [
      ...front.nodes.map((node) => renamedNode(node, rename)),
      ...casts,
      ...back.nodes.map(({ content }) => content),
    ],
    initializers: [
      ...front.initializers.map(({ name, content }) => renamed(content, FIELD.tensor.name, rename(name))),
      ...back.initializers.map(({ content }) => content),
    ],
    inputs: inputs.map(({ content }) => content),
    outputs: back.outputs.map(({ content }) => content),
    described: [
      ...uniquePorts(described).map(({ name, content }) => renamed(content, FIELD.port.name, rename(name))),
      ...[...back.described.values()].filter(({ name }) => !direct.has(name)).map(({ content }) => content),
    ],
    annotations: back.annotations.map(({ content }) => content),
    otherFields: back.otherFields,
  });
}

function checkFront(front: Graph, back: Graph): void {
  if (front.hasSubgraphs || front.hasFunctions || front.hasSparseInitializers) {
    throw joinFault("it has graphs inside of operators, operators of its own, or sparse weights");
  }
  const [own, other] = [opsets(front).get("") ?? 0, opsets(back).get("") ?? 0];
  const strange = front.nodes.find(({ op, domain }) => domain === "" && !LASTING.has(op));
  if (own === other || (Math.min(own, other) >= OLDEST_OPSET && !strange)) return;
  throw joinFault(`it is written for version ${own} of ONNX and the other for ${other}`);
}

/** Those of the second model, with the newer version of the format and the operator sets that only the first has. */
function modelFields(front: Graph, back: Graph): Graph["modelFields"] {
  const known = opsets(back);
  const missing = [...opsets(front)].filter(([domain]) => !known.has(domain));
  const versionOf = ({ modelFields }: Graph): number =>
    modelFields.find(({ number }) => number === FIELD.model.version)?.value ?? 0;
  const added = new Message().varint(FIELD.model.version, Math.max(versionOf(front), versionOf(back)));
  for (const [domain, version] of missing) {
    const entry = new Message().bytes(FIELD.opset.domain, domain).varint(FIELD.opset.version, version);
    added.bytes(FIELD.model.opset, entry);
  }
  return [...protobufFields(added.build()), ...back.modelFields.filter(({ number }) => number !== FIELD.model.version)];
}

/** Converts an output of the first graph to the type that the second takes. */
function cast({ name, type, shape }: GraphPort, from: string): GraphPart {
  if (type === undefined || !shape || elementName(type) === undefined) {
    throw joinFault(`“${name}” has a type or shape that is not known`);
  }
  const attributes = [intAttributeMessage("to", type)];
  return nodeMessage({ op: "Cast", name: `${from}/Cast`, inputs: [from], outputs: [name], attributes });
}

function uniquePorts(ports: readonly GraphPort[]): readonly GraphPort[] {
  return [...new Map(ports.map((port) => [port.name, port])).values()];
}

function renamedNode(node: GraphNode, rename: (name: string) => string): Message {
  return rewiredNode(node, {
    name: PREFIX + node.name,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  });
}

/** A message with another name. */
function renamed(content: Uint8Array, field: number, name: string): Message {
  const message = new Message().bytes(field, name);
  for (const { number, raw } of protobufFields(content)) if (number !== field) message.raw(raw);
  return message;
}

function joinFault(why: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This model cannot run here: its graph for the embedding does not fit to the other one, because ${why}. Choose another model.`,
  );
}
