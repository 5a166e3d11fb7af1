/** The graph of a decoder, checked for everything that splitting relies on. */
import { damaged, type Graph, type GraphNode, type GraphPort, readGraph } from "../../onnx";
import { cannotSplit } from "./errors";
import { MAX_FIELDS, MAX_WEIGHT_BYTES, WorkCount } from "./limits";
import { checkWeight, type Weight } from "./weights";

/** A graph whose operators are in an order in which they can run, and that makes each value once. */
export interface CheckedGraph extends Omit<Graph, "initializers"> {
  /** The graph as its file states it. */
  readonly stated: Graph;
  readonly constants: ReadonlyMap<string, Weight>;
  /** The operator that makes a value. */
  readonly maker: ReadonlyMap<string, number>;
}

/**
 * Reads and checks a graph. Throws `not-a-model` for files that are not ONNX models, `file-corrupt` for damaged ones and
 * those that contradict themselves, `unsupported-model` for models that cannot be split.
 */
export function readCheckedGraph(bytes: Uint8Array, maxFields = MAX_FIELDS): CheckedGraph {
  const stated = readGraph(bytes, new WorkCount(maxFields));
  const { initializers, ...graph } = stated;
  if (graph.hasSparseInitializers) throw cannotSplit("it has sparse weights");
  for (const node of graph.nodes) checkInside(node);
  const constants = new Map<string, Weight>();
  let weightBytes = 0;
  for (const tensor of initializers) {
    const weight = checkWeight(tensor);
    if (constants.has(weight.name)) throw damaged(`two constants are named “${weight.name}”`);
    constants.set(weight.name, weight);
    weightBytes += weight.bytes;
  }
  // The files need not be there yet: all later sums are made of the sizes that the graph states.
  if (weightBytes > MAX_WEIGHT_BYTES) throw cannotSplit("its graph speaks of more than a tebibyte of weights");
  checkPorts("input", graph.inputs);
  checkPorts("output", graph.outputs);
  const inputs = graph.inputs.filter(({ name }) => !constants.has(name));
  return { ...graph, stated, inputs, constants, maker: checkWiring({ ...graph, inputs, constants }) };
}

/** Names in a graph. Most of the work of splitting it is proportional to their number. */
export function namesIn({ nodes, constants, inputs, outputs, described }: CheckedGraph): number {
  const wired = nodes.reduce(
    (sum, node) => sum + 1 + node.inputs.length + node.captured.length + node.outputs.length,
    0,
  );
  return wired + constants.size + inputs.length + outputs.length + described.size;
}

/** ONNX Runtime Web looks for the files of the graph's own constants only, not for those inside of an operator. */
function checkInside(node: GraphNode): void {
  if (node.isTooDeep) throw cannotSplit("its graph has graphs inside graphs, too deep to follow");
  if (node.hasSparseTensors) throw cannotSplit("it has sparse weights");
  for (const tensor of node.tensors) {
    const { name, external } = checkWeight(tensor);
    if (external)
      throw cannotSplit(`it keeps the weight “${name}” inside of an operator and in a file, which cannot be loaded`);
  }
  for (const inner of node.inside) checkInside(inner);
}

function checkPorts(kind: string, ports: readonly GraphPort[]): void {
  const names = new Set<string>();
  for (const { name } of ports) {
    if (names.has(name)) throw damaged(`it has two of the ${kind} “${name}”`);
    names.add(name);
  }
}

/** Finds the operator that makes each value. */
function checkWiring({
  nodes,
  constants,
  inputs,
  outputs,
}: Pick<CheckedGraph, "nodes" | "constants" | "inputs" | "outputs">): ReadonlyMap<string, number> {
  const known = new Set([...constants.keys(), ...inputs.map(({ name }) => name)]);
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
  return maker;
}
