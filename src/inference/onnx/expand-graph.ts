/** The graph half of expanding weights: finds the products to change, and writes the graph with plain ones instead. */
import {
  ELEMENT,
  type Graph,
  type GraphNode,
  type GraphPart,
  nodeMessage,
  type Tensor,
  tensorMessage,
  writeModel,
} from "../../onnx";
import { quantizedSizes } from "./quantized-matrix";
import { type QuantizedMatMul, readQuantizedMatMul } from "./quantized-matmul";

/** Path of the weights that are made here. No file has it. */
export const EXPANDED_PATH = "microgrid:expanded-weights";

/** One matrix, and its place among the expanded weights. */
interface Expansion {
  readonly weight: Omit<QuantizedMatMul, "input">;
  readonly name: string;
  /** Bytes. */
  readonly offset: number;
}

/** A graph whose matrix products are plain, and the data needed to run it. */
interface ExpandedGraph {
  readonly graphBytes: Uint8Array;
  /** The matrices that the file `EXPANDED_PATH` has to contain. */
  readonly expansions: readonly Expansion[];
  readonly totalBytes: number;
  /** The other files that are still needed. Files with nothing but quantized weights are not. */
  readonly locations: ReadonlySet<string>;
}

/** The changes to make to a graph. */
interface Plan {
  readonly expansions: readonly Expansion[];
  /** Operators that become plain products, with the names of their new inputs. */
  readonly products: ReadonlyMap<GraphNode, readonly [input: string, weight: string]>;
  readonly totalBytes: number;
}

/**
 * Plans and writes the graph without reading any weights. Returns undefined if there is nothing to expand, or if the result
 * would be larger than `maxBytes`. Not for graphs with subgraphs, which may use the same constants.
 */
export function expandGraph(graph: Graph, maxBytes: number): ExpandedGraph | undefined {
  const { expansions, products, totalBytes } = planExpansion(graph);
  if (expansions.length === 0 || totalBytes > maxBytes) return undefined;
  const kept = stillUsed(graph, products);
  const graphBytes = writeModel(graph.modelFields, {
    nodes: graph.nodes.map((node) => plainProduct(node, products.get(node))),
    initializers: [...kept.map(({ content }) => content), ...expansions.map(expandedTensor)],
    inputs: graph.inputs.map(({ content }) => content),
    outputs: graph.outputs.map(({ content }) => content),
    described: [...graph.described.values()].map(({ content }) => content),
    annotations: graph.annotations.map(({ content }) => content),
    otherFields: graph.otherFields,
  });
  const locations = new Set(kept.flatMap(({ external }) => (external ? [external.location] : [])));
  return { graphBytes, expansions, totalBytes, locations };
}

function planExpansion(graph: Graph): Plan {
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  // A constant that is also an input is only a default, which a caller may replace.
  for (const { name } of graph.inputs) constants.delete(name);

  const shared = new Map<string, Expansion>();
  const products = new Map<GraphNode, readonly [string, string]>();
  let totalBytes = 0;
  for (const node of graph.nodes) {
    const matmul = readQuantizedMatMul(node, constants);
    if (!matmul) continue;
    const { input, ...weight } = matmul;
    const { layout, codes, scales, zeroPoints } = weight;
    const key = JSON.stringify([layout, codes.name, scales.name, zeroPoints?.name]);
    let expansion = shared.get(key);
    if (!expansion) {
      expansion = { weight, name: `${EXPANDED_PATH}/${shared.size}`, offset: totalBytes };
      totalBytes += quantizedSizes(layout).expandedBytes;
      shared.set(key, expansion);
    }
    products.set(node, [input, expansion.name]);
  }
  return { expansions: [...shared.values()], products, totalBytes };
}

/** The constants without those that only products used. */
function stillUsed({ nodes, outputs, initializers }: Graph, products: Plan["products"]): readonly Tensor[] {
  const used = new Set(outputs.map(({ name }) => name));
  const replaced = new Set<string>();
  for (const node of nodes) {
    // A product keeps its first input, which it multiplies, and loses its weights.
    const weights = products.has(node) ? node.inputs.slice(1) : [];
    for (const name of node.inputs.slice(0, node.inputs.length - weights.length)) used.add(name);
    for (const name of weights) replaced.add(name);
  }
  return initializers.filter(({ name }) => !replaced.has(name) || used.has(name));
}

/** The operator as a `MatMul` with the same name and outputs. */
function plainProduct({ name, outputs, content }: GraphNode, inputs: readonly string[] | undefined): GraphPart {
  return inputs ? nodeMessage({ op: "MatMul", name, inputs, outputs }) : content;
}

function expandedTensor({ name, offset, weight: { layout } }: Expansion): GraphPart {
  const dims = [layout.rows, layout.columns];
  const range = { location: EXPANDED_PATH, offset, length: quantizedSizes(layout).expandedBytes };
  return tensorMessage({ name, type: ELEMENT.float32, dims }, range);
}
