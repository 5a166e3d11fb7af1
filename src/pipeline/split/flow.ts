/** Which values depend on what, and the order in which a token passes through the layers. */
import { elementName, type GraphNode, intAttribute } from "../../onnx";
import { cannotSplit } from "./errors";
import type { CheckedGraph } from "./graph";
import type { DecoderInputs } from "./inputs";
import type { InferredType } from "./shapes";

/** How an operator can be had in a stage. */
type NodeRole =
  /** Follows from constants, mask and positions alone, so that every stage can repeat it. */
  | { readonly kind: "free" }
  /** `[start, end)` of the dimensions `[...those of the token ids, ...rest]`. Repeated, too. */
  | { readonly kind: "ids-shape"; readonly rest: readonly number[]; readonly start: number; readonly end: number }
  /** `[start, end)` of the dimensions of state. Repeated, too. */
  | { readonly kind: "past-shape"; readonly state: string; readonly start: number; readonly end: number }
  /** Computed once, in the stage that it belongs to. */
  | { readonly kind: "bound" };

/** How tokens flow. */
export interface Flow {
  /** By node. */
  readonly roles: readonly NodeRole[];
  /** Bound nodes that something needs: a token's way, each layer's state before everything of the next. */
  readonly order: readonly number[];
  /** Place of each node in `order`; -1 for all others. */
  readonly places: Int32Array;
  /** How many of the first in `order` must be where the token ids are. */
  readonly withIds: number;
  /** Values that are nothing but rearranged state. */
  readonly stateLike: ReadonlySet<string>;
  /** Values that give the token ids away: they themselves, rearranged, converted, or looked up as other integers. */
  readonly idsLike: ReadonlySet<string>;
}

/** Operators that only rearrange what they are given. */
const MOVERS = new Set([
  ...["Concat", "Cast", "Reshape", "Expand", "Transpose", "Unsqueeze", "Squeeze", "Slice", "Split", "Identity"],
  ...["CastLike", "ScatterElements", "ScatterND", "Tile"],
]);

/** Follows the values. Throws `unsupported-model` where the ids are needed inside the layers. */
export function traceFlow(graph: CheckedGraph, inputs: DecoderInputs, types: ReadonlyMap<string, InferredType>): Flow {
  const stateNames = new Set(inputs.states.flat().map(({ name }) => name));
  const ofIds = new Set(["input_ids"]);
  const ofState = new Set(stateNames);
  const stateLike = new Set(stateNames);
  const idsLike = new Set(["input_ids"]);
  const roles = graph.nodes.map((node): NodeRole => {
    const names = [...node.inputs, ...node.captured];
    const role = shapeRole(node, types, stateNames, ofIds, ofState);
    if (role) return role;
    const fromIds = names.some((name) => ofIds.has(name));
    const fromState = names.some((name) => ofState.has(name));
    const moves = MOVERS.has(node.op);
    const movesState = moves && names.some((input) => stateLike.has(input));
    const seesIds = node.op !== "Shape" && node.op !== "Size" && names.some((input) => idsLike.has(input));
    for (const name of node.outputs) {
      if (fromIds) ofIds.add(name);
      if (fromState) ofState.add(name);
      if (movesState) stateLike.add(name);
      if (seesIds && (moves || !isFloat(types.get(name)))) idsLike.add(name);
    }
    return { kind: fromIds || fromState ? "bound" : "free" };
  });
  // Not only what takes the ids themselves: codes of a table, for instance, give them away until they have become floats.
  const first = graph.nodes.flatMap((node, index) =>
    roles[index]?.kind === "bound" && [...node.inputs, ...node.captured].some((name) => idsLike.has(name))
      ? [index]
      : [],
  );
  const live = liveNodes(graph, inputs, roles);
  const order: number[] = [];
  const places = new Int32Array(graph.nodes.length).fill(-1);
  const visit = (root: number | undefined): void => {
    if (root !== undefined) visitFrom(root, graph, roles, places, order);
  };
  for (const index of first) {
    if (!live.has(index)) continue;
    if (graph.nodes[index]?.outputs.some((name) => ofState.has(name))) {
      throw cannotSplit("its layers look at the token ids, which must not leave the device that asks");
    }
    visit(index);
  }
  const withIds = order.length;
  for (const state of inputs.states.flat()) visit(graph.maker.get(state.output));
  visit(graph.maker.get("logits"));
  return { roles, order, places, withIds, stateLike, idsLike };
}

function isFloat(type: InferredType | undefined): boolean {
  return type?.type !== undefined && elementName(type.type)?.includes("float") === true;
}

/** Recognizes the operators that ask for nothing but a shape which every stage knows. */
function shapeRole(
  node: GraphNode,
  types: ReadonlyMap<string, InferredType>,
  states: ReadonlySet<string>,
  ofIds: ReadonlySet<string>,
  ofState: ReadonlySet<string>,
): NodeRole | undefined {
  const [of = ""] = node.inputs;
  if (node.op !== "Shape" || node.domain !== "") return undefined;
  const rank = types.get(of)?.shape?.length;
  if (rank === undefined) return undefined;
  const start = slot(node, "start", 0, rank);
  const end = slot(node, "end", rank, rank);
  if (states.has(of)) return { kind: "past-shape", state: of, start, end };
  if (!ofIds.has(of) || ofState.has(of)) return undefined;
  const ids = types.get("input_ids")?.shape;
  const type = types.get(of);
  if (!ids || !type?.shape || !type.exact || type.shape.length < ids.length) return undefined;
  const sameStart = ids.every((dim, axis) => type.shape?.[axis] === dim && dim !== undefined);
  const rest = type.shape.slice(ids.length).filter((dim) => typeof dim === "number");
  return sameStart && rest.length === type.shape.length - ids.length
    ? { kind: "ids-shape", rest, start, end }
    : undefined;
}

/** `start` or `end` of a `Shape`, counted from the front. */
function slot(node: GraphNode, name: string, fallback: number, rank: number): number {
  const value = intAttribute(node, name) ?? fallback;
  return Math.min(Math.max(value < 0 ? value + rank : value, 0), rank);
}

/** Nodes that logits or states need, whatever their role. */
function liveNodes(graph: CheckedGraph, inputs: DecoderInputs, roles: readonly NodeRole[]): ReadonlySet<number> {
  const live = new Set<number>();
  const open = ["logits", ...inputs.states.flat().map(({ output }) => output)];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const index = graph.maker.get(name);
    if (index === undefined || live.has(index)) continue;
    live.add(index);
    const node = graph.nodes[index];
    if (node && (roles[index]?.kind === "bound" || roles[index]?.kind === "free")) {
      for (const input of node.inputs) open.push(input);
      for (const input of node.captured) open.push(input);
    }
  }
  return live;
}

/** Adds a bound node behind all bound ones that it needs. Deep graphs are ordinary: no recursion. */
function visitFrom(
  root: number,
  graph: CheckedGraph,
  roles: readonly NodeRole[],
  places: Int32Array,
  order: number[],
): void {
  if (roles[root]?.kind !== "bound" || places[root] !== -1) return;
  const stack: { index: number; needs: string[] }[] = [{ index: root, needs: needsOf(graph, root) }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const name = top.needs.pop();
    if (name === undefined) {
      if (places[top.index] === -1) places[top.index] = order.push(top.index) - 1;
      stack.pop();
      continue;
    }
    const maker = graph.maker.get(name);
    if (maker === undefined || places[maker] !== -1 || roles[maker]?.kind !== "bound") continue;
    stack.push({ index: maker, needs: needsOf(graph, maker) });
  }
}

function needsOf(graph: CheckedGraph, index: number): string[] {
  const node = graph.nodes[index];
  return node ? [...node.inputs, ...node.captured].reverse() : [];
}
