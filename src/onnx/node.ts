/** Operators of a graph. */
import { readFields, readName, type ReadBudget } from "./bounds";
import { readPort } from "./port";
import { FIELD } from "./schema";
import { readTensor, type Tensor } from "./tensor";

/** One operator. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  readonly inputs: readonly string[];
  /** Names that graphs inside of it (`If`, `Loop`) take from outside, in addition to `inputs`. */
  readonly captured: readonly string[];
  readonly outputs: readonly string[];
  /** Operators of the graphs inside of it. */
  readonly inside: readonly GraphNode[];
  readonly hasSubgraphs: boolean;
  /** Tensors among its attributes, and constants of the graphs inside of it. */
  readonly tensors: readonly Tensor[];
  /** Whether it, or a graph inside of it, holds sparse tensors; these are not read. */
  readonly hasSparseTensors: boolean;
  /** Whether graphs inside of it are nested too deeply to be read: `captured` and `inside` are not complete. */
  readonly isTooDeep: boolean;
  /** Attributes by name: the `AttributeProto` of each; views. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  /** The whole `NodeProto`; a view. */
  readonly content: Uint8Array;
}

/** Graphs are never nested deeper than this in known models. The limit keeps hostile files from exhausting the stack. */
const MAX_DEPTH = 8;

/** Facts that are collected about the subgraphs of an operator. */
interface Inside {
  readonly captured: Set<string>;
  readonly nodes: GraphNode[];
  readonly tensors: Tensor[];
  hasSubgraphs: boolean;
  hasSparseTensors: boolean;
  isTooDeep: boolean;
}

/** Reads a `NodeProto`. Throws `file-corrupt` for endless names or shapes, `RangeError` for broken bytes. */
export function readNode(content: Uint8Array, budget?: ReadBudget, depth = 0): GraphNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  const inside: Inside = {
    captured: new Set(),
    nodes: [],
    tensors: [],
    hasSubgraphs: false,
    hasSparseTensors: false,
    isTooDeep: false,
  };
  let [name, op, domain] = ["", "", ""];
  for (const { number, bytes } of readFields(content, budget)) {
    if (!bytes) continue;
    if (number === FIELD.node.input) inputs.push(readName(bytes));
    else if (number === FIELD.node.output) outputs.push(readName(bytes));
    else if (number === FIELD.node.name) name = readName(bytes);
    else if (number === FIELD.node.op) op = readName(bytes);
    else if (number === FIELD.node.domain) domain = readName(bytes) === "ai.onnx" ? "" : readName(bytes);
    else if (number === FIELD.node.attribute) readAttribute(bytes, { attributes, inside, budget, depth });
  }
  const { captured, nodes, ...facts } = inside;
  return { name, op, domain, inputs, captured: [...captured], outputs, inside: nodes, ...facts, attributes, content };
}

function readAttribute(
  content: Uint8Array,
  {
    attributes,
    inside,
    budget,
    depth,
  }: { attributes: Map<string, Uint8Array>; inside: Inside; budget: ReadBudget | undefined; depth: number },
): void {
  const { attribute } = FIELD;
  for (const { number, bytes } of readFields(content, budget)) {
    if (!bytes) continue;
    if (number === attribute.name) attributes.set(readName(bytes), content);
    else if (number === attribute.tensor || number === attribute.tensors) {
      inside.tensors.push(readTensor(bytes, budget));
    } else if (number === attribute.sparseTensor || number === attribute.sparseTensors) inside.hasSparseTensors = true;
    else if (number === attribute.graph || number === attribute.graphs) {
      inside.hasSubgraphs = true;
      if (depth === MAX_DEPTH) inside.isTooDeep = true;
      else readInnerGraph(bytes, { inside, budget, depth: depth + 1 });
    }
  }
}

/** Adds the operators and constants of a graph inside an operator, and the names that it takes from outside. */
function readInnerGraph(
  content: Uint8Array,
  { inside, budget, depth }: { inside: Inside; budget: ReadBudget | undefined; depth: number },
): void {
  const made = new Set<string>();
  const used = new Set<string>();
  for (const { number, bytes } of readFields(content, budget)) {
    if (!bytes) continue;
    if (number === FIELD.graph.node) {
      const node = readNode(bytes, budget, depth);
      inside.nodes.push(node);
      inside.hasSparseTensors ||= node.hasSparseTensors;
      inside.isTooDeep ||= node.isTooDeep;
      for (const name of [...node.inputs, ...node.captured]) used.add(name);
      for (const name of node.outputs) made.add(name);
    } else if (number === FIELD.graph.sparseInitializer) inside.hasSparseTensors = true;
    else if (number === FIELD.graph.initializer) {
      const tensor = readTensor(bytes, budget);
      made.add(tensor.name);
      inside.tensors.push(tensor);
    } else if (number === FIELD.graph.input) made.add(readPort(bytes, budget).name);
    else if (number === FIELD.graph.output) used.add(readPort(bytes, budget).name);
  }
  for (const name of used) if (name !== "" && !made.has(name)) inside.captured.add(name);
}
