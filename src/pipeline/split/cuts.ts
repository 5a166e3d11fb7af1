/** Finds where to cut a decoder: between its layers, at the places that the fewest bytes cross. */
import { type Dim, elementBytes, elementName, elementNumber, type GraphNode } from "../../onnx";
import { cannotSplit } from "./errors";
import type { Flow } from "./flow";
import type { CheckedGraph } from "./graph";
import { type DecoderInputs, namedDims } from "./inputs";
import { numberInNames } from "./layer-names";
import { MAX_CUT_BYTES } from "./limits";
import type { InferredType } from "./shapes";
import type { Cut, TensorSpec } from "./types";

/** A cut, and the position of the last node before it in the flow's order. */
export interface PlacedCut extends Cut {
  readonly after: number;
}

/** Number of elements assumed for an open dimension when cuts are compared. */
const TOKENS = 16;
const OTHER_OPEN = 1024;
/** Maximum number of values that may cross one cut; real models have one to three. */
const MAX_TENSORS = 32;
/** Size assumed for a value of unknown shape: more than any hidden state. */
const UNKNOWN_BYTES = 2 ** 24;

/** Finds the cuts. Throws `unsupported-model` if layers share state or do not follow one another. */
export function findCuts(
  graph: CheckedGraph,
  inputs: DecoderInputs,
  flow: Flow,
  types: ReadonlyMap<string, InferredType>,
): readonly PlacedCut[] {
  const spans = layerSpans(graph, inputs, flow);
  const lastUse = lastUses(graph, flow);
  const cost = crossingCosts(graph, flow, types, lastUse);
  const borders = namedBorders(graph, inputs, flow, spans);
  const places = [...spans.keys(), spans.length].map((border) => {
    const low = Math.max(flow.withIds - 1, border === 0 ? 0 : (spans[border - 1]?.last ?? 0));
    const high = (spans[border]?.first ?? headPlace(graph, flow, spans.at(-1)?.last ?? 0)) - 1;
    if (low > high) throw cannotSplit(`its layers ${border - 1} and ${border} do not follow one another in the graph`);
    const named = borders?.[border];
    const from = Math.max(low, named?.low ?? low);
    const to = Math.min(high, named?.high ?? high);
    return cheapest(cost, from <= to ? from : low, from <= to ? to : high);
  });
  return crossings(graph, flow, types, lastUse, places);
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** Where each layer's state is read and made. */
function layerSpans(graph: CheckedGraph, inputs: DecoderInputs, flow: Flow): readonly Span[] {
  const layerOf = new Map(
    inputs.states.flat().flatMap(({ name, output, layer }) => [
      [name, layer],
      [output, layer],
    ]),
  );
  const places = inputs.states.map((): number[] => []);
  for (const [place, index] of flow.order.entries()) {
    const node = graph.nodes[index]!;
    const touched = new Set(
      [...node.inputs, ...node.captured, ...node.outputs].flatMap((name) => layerOf.get(name) ?? []),
    );
    if (touched.size > 1) {
      const [one, other] = touched;
      throw cannotSplit(`its layers ${String(one)} and ${String(other)} share state (at “${node.name || node.op}”)`);
    }
    for (const layer of touched) places[layer]?.push(place);
  }
  const spans = places.map((of, layer): Span => {
    const first = of[0];
    const last = of.at(-1);
    if (first === undefined || last === undefined) throw cannotSplit(`the state of its layer ${layer} is not used`);
    return { first, last };
  });
  for (const [layer, { last }] of spans.entries()) {
    const next = spans[layer + 1];
    if (next && last >= next.first) {
      throw cannotSplit(`its layer ${layer} shares state with later layers, or layers run side by side`);
    }
  }
  return spans;
}

/** The last place at which a value is used by a bound node. */
function lastUses(graph: CheckedGraph, flow: Flow): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const [place, index] of flow.order.entries()) {
    const node = graph.nodes[index]!;
    for (const name of [...node.inputs, ...node.captured]) last.set(name, place);
  }
  return last;
}

/** Bytes that would cross a cut after each place. */
function crossingCosts(
  graph: CheckedGraph,
  flow: Flow,
  types: ReadonlyMap<string, InferredType>,
  lastUse: ReadonlyMap<string, number>,
): Float64Array {
  const change = new Float64Array(flow.order.length + 1);
  for (const [place, index] of flow.order.entries()) {
    for (const name of graph.nodes[index]!.outputs) {
      const last = name === "" ? place : (lastUse.get(name) ?? place);
      if (last <= place) continue;
      const bytes = comparableBytes(types.get(name), types.get("input_ids")?.shape);
      change[place]! += bytes;
      change[last]! -= bytes;
    }
  }
  for (let place = 1; place < change.length; place++) change[place]! += change[place - 1]!;
  return change;
}

function comparableBytes(type: InferredType | undefined, ids: readonly Dim[] | undefined): number {
  if (!type?.shape || type.type === undefined) return UNKNOWN_BYTES;
  const elements = type.shape.reduce<number>((product, dim) => product * sizeOf(dim, ids), 1);
  return Math.min(elementBytes(type.type, elements) ?? UNKNOWN_BYTES, UNKNOWN_BYTES);
}

function sizeOf(dim: Dim, ids: readonly Dim[] | undefined): number {
  if (typeof dim === "number") return dim;
  if (dim !== undefined && dim === ids?.[0]) return 1;
  return dim !== undefined && dim === ids?.[1] ? TOKENS : OTHER_OPEN;
}

/** The last of the cheapest places, so that what follows a layer's attention belongs to that layer. */
function cheapest(cost: Float64Array, low: number, high: number): number {
  let best = low;
  for (let place = low; place <= high; place++) if (cost[place]! <= cost[best]!) best = place;
  return best;
}

const PRODUCTS = new Set([
  ...["MatMul", "MatMulNBits", "MatMulBnb4", "Gemm", "MatMulInteger", "DynamicQuantizeMatMul", "QMoE", "MoE"],
  ...["MatMulIntegerToFloat", "FusedMatMul", "QLinearMatMul", "Conv", "ConvInteger", "CausalConvWithState"],
]);

/** True for a product with a constant matrix: what makes up a layer's size. */
function isWeighty(node: GraphNode, graph: CheckedGraph, flow: Flow): boolean {
  return (
    PRODUCTS.has(node.op) &&
    node.inputs.slice(1).some((name) => {
      const maker = graph.maker.get(name);
      return graph.constants.has(name) || (maker !== undefined && flow.roles[maker]?.kind === "free");
    })
  );
}

/** The range in which names allow each cut: a matrix stays in the layer that it is named after. */
function namedBorders(
  graph: CheckedGraph,
  { layerNumbers, states }: DecoderInputs,
  flow: Flow,
  spans: readonly Span[],
): readonly { low: number; high: number }[] | undefined {
  const last = layerNumbers.at(-1) ?? 0;
  const borders = [...states, undefined].map(() => ({ low: 0, high: flow.order.length }));
  const ends = new Map(
    spans.flatMap(({ first, last: end }, layer) => [
      [first, layer],
      [end, layer],
    ]),
  );
  for (const [place, index] of flow.order.entries()) {
    const node = graph.nodes[index]!;
    const number = numberInNames(node, graph);
    const layer = ends.get(place);
    // If one name contradicts the state of its node, none of the names can be trusted.
    if (layer !== undefined && number !== undefined && number !== layerNumbers[layer]) return undefined;
    if (number === undefined || !isWeighty(node, graph, flow)) continue;
    for (const [border, limits] of borders.entries()) {
      if (number < (layerNumbers[border] ?? last + 1)) limits.low = Math.max(limits.low, place);
      else if (border < states.length) limits.high = Math.min(limits.high, place - 1);
    }
  }
  return borders;
}

/** The place of the product that turns hidden states into logits; the last cut must lie before it. */
function headPlace(graph: CheckedGraph, flow: Flow, lastState: number): number {
  for (let place = flow.order.length - 1; place > lastState; place--) {
    const node = graph.nodes[flow.order[place]!]!;
    if (isWeighty(node, graph, flow)) return place;
  }
  return flow.order.length - 1;
}

/** Collects the tensors that cross each cut. Throws `unsupported-model` if some of them must not or cannot. */
function crossings(
  graph: CheckedGraph,
  flow: Flow,
  types: ReadonlyMap<string, InferredType>,
  lastUse: ReadonlyMap<string, number>,
  places: readonly number[],
): readonly PlacedCut[] {
  const cuts = places.map((after) => ({ after, tensors: new Array<TensorSpec>(), bytesPerToken: 0 }));
  let next = 0;
  for (const [place, index] of flow.order.entries()) {
    while ((places[next] ?? Infinity) < place) next++;
    for (const name of graph.nodes[index]!.outputs) {
      const last = name === "" ? place : (lastUse.get(name) ?? place);
      for (let at = next; (places[at] ?? Infinity) < last; at++) {
        const cut = cuts[at]!;
        if (flow.stateLike.has(name)) throw cannotSplit(`its layers share state (“${name}” is used in several)`);
        if (flow.idsLike.has(name)) {
          throw cannotSplit(`its layers look at the token ids (“${name}”), which must not leave the device that asks`);
        }
        if (cut.tensors.length === MAX_TENSORS) {
          throw cannotSplit(`more than ${MAX_TENSORS} values go from its layer ${at - 1} to later ones`);
        }
        const tensor = tensorSpec(name, graph, types);
        cut.tensors.push(tensor);
        cut.bytesPerToken += bytesPerToken(tensor);
        // Not `>`: absurd dimensions make the sum NaN.
        if (!(cut.bytesPerToken <= MAX_CUT_BYTES)) {
          throw cannotSplit(`“${name}”, which would go from one device to the next, is too large`);
        }
      }
    }
  }
  return cuts;
}

/** Type and shape of what crosses, as the graph describes it, or else as it was worked out. */
function tensorSpec(name: string, graph: CheckedGraph, types: ReadonlyMap<string, InferredType>): TensorSpec {
  const inferred = types.get(name);
  const described = graph.described.get(name);
  const dtype = elementName(inferred?.type ?? described?.type ?? 0);
  const shape = described?.shape?.length ? described.shape : inferred?.shape;
  if (!dtype || !shape) {
    throw cannotSplit(`the type or shape of “${name}”, which would go from one device to the next, is not known`);
  }
  return { name, dtype, shape: namedDims(name, shape) };
}

/** With one token fed, the open dimensions of a hidden state are 1. */
function bytesPerToken({ dtype, shape }: TensorSpec): number {
  const elements = shape.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1);
  return elementBytes(elementNumber(dtype), elements) ?? 0;
}
