/** Finds a few layers that together have everything that a decoder computes with. */
import { intAttribute } from "../../onnx";
import { collectParts } from "./parts";
import { planOf } from "./plan";
import type { DecoderGraph } from "./types";

/** As few of the layers `[from, to)` as have all operators and windows that any of them has: one if all are alike. */
export function exemplaryLayers(
  decoder: DecoderGraph,
  { from = 0, to = decoder.layers }: { readonly from?: number; readonly to?: number } = {},
): readonly number[] {
  const abilities = Array.from({ length: to - from }, (_, index) => abilitiesOf(decoder, from + index));
  const missing = new Set(abilities.flatMap((each) => [...each]));
  const chosen: number[] = [];
  while (missing.size > 0) {
    const gains = abilities.map((each) => [...each].filter((ability) => missing.has(ability)).length);
    const best = gains.indexOf(Math.max(...gains));
    for (const ability of abilities[best]!) missing.delete(ability);
    chosen.push(from + best);
  }
  return chosen.sort((a, b) => a - b);
}

function abilitiesOf(decoder: DecoderGraph, layer: number): ReadonlySet<string> {
  const plan = planOf(decoder);
  const { nodes } = collectParts(plan, { embed: false, from: layer, to: layer + 1, head: false });
  return new Set(
    nodes.flatMap((index) => {
      const node = plan.graph.nodes[index];
      return node ? `${node.domain}/${node.op}/${intAttribute(node, "local_window_size") ?? ""}` : [];
    }),
  );
}
