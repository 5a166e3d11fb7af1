/** Layer numbers in the names that exporters give to operators and weights. */
import type { GraphNode } from "../../onnx";
import type { CheckedGraph } from "./graph";

/** `/model/layers.3/…`, `transformer.h.3.…`, `/decoder/block_3/…`, `layers_3`. */
const LAYER = /(?:^|[./_])(?:layers?|h|blocks?)[._/](\d{1,4})(?=[./_]|$)/;

/** The number of the layer that an operator is named after, or else its weights; undefined where names tell nothing. */
export function numberInNames(node: GraphNode, graph: CheckedGraph): number | undefined {
  const weights = node.inputs.filter((name) => graph.constants.has(name));
  for (const name of [node.name, ...node.outputs, ...weights]) {
    const number = LAYER.exec(name)?.[1];
    if (number !== undefined) return Number(number);
  }
  return undefined;
}
