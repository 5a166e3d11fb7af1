/**
 * Checks a graph that came from another member. It will run here, in a worker that others wait for. So operators that may
 * never end, or that make huge tensors from constants, are refused before anything is loaded. Sizes that a graph computes
 * at run time are unknown here; the engine has its own limits of time and memory for them.
 */
import { MicrogridError } from "../../core";
import { attributeNumbers, type GraphNode, smallNumbers } from "../../onnx";
import type { CheckedGraph } from "./graph";
import { isUsualOperator } from "./operators";

/** Largest tensor that an operator may make from constants alone, in elements: the size of a mask for 8,192 tokens. */
const MAX_ELEMENTS = 2 ** 26;
/** Maximum number of operators to follow back from a use to its constant. */
const MAX_STEPS = 16;
/** Maximum number of sizes in one shape, or in a `Concat` that makes one. */
const MAX_SIZES = 64;

/** Throws `unsupported-model` with the operator's name if the usual exporters of decoders would not write the graph. */
export function checkStrangersGraph(graph: CheckedGraph): void {
  if (graph.hasFunctions) {
    throw refused("Its graph defines operators of its own (functions)");
  }
  const sizes = new KnownSizes(graph);
  for (const node of graph.nodes) {
    checkOperator(node, false);
    const large = elementsMade(node, sizes);
    if (large !== undefined && !(large <= MAX_ELEMENTS)) {
      throw refused(`Its operator ${titleOf(node)} makes a tensor of ${large} elements out of nothing`);
    }
  }
}

function checkOperator(node: GraphNode, inBranch: boolean): void {
  if (!isUsualOperator(node, inBranch)) {
    throw refused(`Its graph has the operator ${titleOf(node)}${inBranch ? " inside of another" : ""}`);
  }
  if (node.inside.length > 0 && node.op !== "If") throw refused(`Its operator ${titleOf(node)} has a graph inside`);
  for (const inner of node.inside) checkOperator(inner, true);
}

/** The fewest elements that an operator makes, judging by its constants; undefined if they say nothing about it. */
function elementsMade(node: GraphNode, sizes: KnownSizes): number | undefined {
  const input = (index: number): readonly number[] | undefined => sizes.of(node.inputs[index] ?? "");
  switch (node.op) {
    case "ConstantOfShape":
      return product(input(0));
    case "Expand":
    case "Tile":
      return product(input(1));
    case "Range": {
      const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => input(index)?.[0]);
      const known = [0, 1].every((index) => input(index) !== undefined);
      return known ? Math.max(0, Math.ceil((limit - start) / delta)) : input(1)?.[0];
    }
    case "OneHot":
      return input(1)?.[0];
    case "Pad":
      return largest(input(1) ?? sizes.attribute(node, "pads"));
    case "Conv":
    case "ConvInteger":
    case "FusedConv":
      return largest(sizes.attribute(node, "pads"));
    default:
      return undefined;
  }
}

/** The product of the known sizes; 0 and negative numbers stand for unknown ones. */
function product(numbers: readonly number[] | undefined): number | undefined {
  return numbers?.reduce((all, size) => (size > 0 ? all * size : all), 1);
}

function largest(numbers: readonly number[] | undefined): number | undefined {
  return numbers?.reduce((most, size) => Math.max(most, Math.abs(size)), 0);
}

/** Operators that pass on the numbers of their first input. */
const CARRIERS = new Set(["Identity", "Cast", "Unsqueeze", "Squeeze", "Reshape"]);

/** The numbers that a graph contains as constants. */
class KnownSizes {
  readonly #graph: CheckedGraph;
  readonly #known = new Map<string, readonly number[] | undefined>();

  constructor(graph: CheckedGraph) {
    this.#graph = graph;
  }

  /** The numbers of a value; undefined if they are unknown or too many. Unknown parts of a `Concat` count as 1. */
  of(name: string): readonly number[] | undefined {
    const node = this.#makerOf(name);
    if (node?.op !== "Concat" || node.inputs.length > MAX_SIZES) return this.#constant(name);
    const parts = node.inputs.map((input) => this.#constant(input) ?? [1]).flat();
    return parts.length > MAX_SIZES ? undefined : parts;
  }

  /** The whole numbers of an operator's attribute. */
  attribute(node: GraphNode, name: string): readonly number[] | undefined {
    const content = node.attributes.get(name);
    return content && attributeNumbers(content, MAX_SIZES);
  }

  #constant(name: string): readonly number[] | undefined {
    let from = name;
    for (let step = 0; step < MAX_STEPS; step++) {
      const node = this.#makerOf(from);
      if (!node || !CARRIERS.has(node.op)) break;
      from = node.inputs[0] ?? "";
    }
    if (!this.#known.has(from)) this.#known.set(from, this.#read(from));
    return this.#known.get(from);
  }

  #read(name: string): readonly number[] | undefined {
    const constant = this.#graph.constants.get(name);
    if (constant) return smallNumbers(constant);
    const node = this.#makerOf(name);
    const content = node?.op === "Constant" ? [...node.attributes.values()][0] : undefined;
    return content && attributeNumbers(content, MAX_SIZES);
  }

  #makerOf(name: string): GraphNode | undefined {
    return this.#graph.nodes[this.#graph.maker.get(name) ?? -1];
  }
}

function titleOf({ op, domain }: GraphNode): string {
  return `“${(domain === "" ? op : `${domain}.${op}`).slice(0, 80)}”`;
}

/** `what` is a sentence without its full stop. */
function refused(what: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This model is not taken from another device. ${what}, which no usual decoder has. It can still be run where it was chosen.`,
  );
}
