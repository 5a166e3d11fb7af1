/**
 * Finds matrices of bytes that a graph makes into floats each time it runs: a dynamic quantizer leaves the head so where it
 * shares its table with the embedding. ONNX Runtime keeps these operators for others to fuse, which nothing does with them on
 * the CPU, and they take a third of a token's time. It folds them into the weights while a model loads if it is told to.
 */
import { ELEMENT, type Graph, type GraphNode, intAttribute } from "../../onnx";

/** The setting that makes ONNX Runtime fold them. A new object each time, since ONNX Runtime writes into it. */
export const folding = (): Record<string, unknown> => ({ session: { disable_quant_qdq: "1" } });

/** Operators whose result has as many numbers as their first input. */
const KEEPERS = new Set(["Identity", "Transpose"]);

/**
 * Bytes of the floats, by the names of the constants that they are made from. Undefined if there are none, if they would have
 * more than `maxBytes`, or if the setting would also change something else: operators between roundings of activations, and
 * weights of fewer bits, which do have fused forms.
 */
export function foldedMatrices(graph: Graph, maxBytes: number): ReadonlyMap<string, number> | undefined {
  if (graph.hasSubgraphs || graph.nodes.some(({ op }) => op === "QuantizeLinear" || op === "MatMulNBits")) {
    return undefined;
  }
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  // A constant that is also an input is only a default, which a caller may replace.
  for (const { name } of graph.inputs) constants.delete(name);
  const folded = new Map<string, number>();
  for (const node of graph.nodes) {
    const [codes = ""] = node.inputs;
    const tensor = constants.get(codes);
    if (!tensor) continue;
    if (KEEPERS.has(node.op)) for (const name of node.outputs) constants.set(name, tensor);
    if (node.op !== "DequantizeLinear") continue;
    if (tensor.elements === undefined || !isPlain(node, tensor.type)) return undefined;
    const bytes = tensor.elements * Float32Array.BYTES_PER_ELEMENT;
    folded.set(tensor.name, (folded.get(tensor.name) ?? 0) + bytes);
  }
  const total = [...folded.values()].reduce((sum, bytes) => sum + bytes, 0);
  return total > 0 && total <= maxBytes ? folded : undefined;
}

function isPlain(node: GraphNode, type: number): boolean {
  return (type === ELEMENT.uint8 || type === ELEMENT.int8) && (intAttribute(node, "block_size") ?? 0) === 0;
}
