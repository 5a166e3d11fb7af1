/** Reads the inputs of a decoder graph: token ids, mask, positions, and the state of its layers. */
import { type Dim, ELEMENT, elementBytes, elementName, elementNumber, type GraphPort } from "../../onnx";
import { readStateName } from "../../inference";
import { cannotSplit } from "./errors";
import type { CheckedGraph } from "./graph";
import { MAX_LAYER_STATES, MAX_STATE_BYTES } from "./limits";
import type { StageFeed, StateSpec, TensorSpec } from "./types";

/** The known integer inputs and their purpose. */
const FEEDS: Readonly<Record<string, StageFeed["kind"]>> = {
  input_ids: "token-ids",
  attention_mask: "attention-mask",
  position_ids: "position-ids",
  num_logits_to_keep: "logits-to-keep",
  logits_to_keep: "logits-to-keep",
};

/** The inputs of a decoder graph by purpose, and the output with the logits. */
export interface DecoderInputs {
  readonly feeds: ReadonlyMap<string, StageFeed>;
  /** The output with the logits. */
  readonly logits: TensorSpec;
  /** The state of each layer, in the order of the layers. */
  readonly states: readonly (readonly StateSpec[])[];
  /** Numbers that the graph gives its layers; not all layers of a model need have state. */
  readonly layerNumbers: readonly number[];
}

/** Sizes of caches, from `config.json`, for graphs that leave them open. */
export interface CacheSizes {
  readonly heads: number | undefined;
  readonly headDim: number | undefined;
}

/** Reads the inputs. Throws `unsupported-model` if one is unknown, or if no layer of the graph has state. */
export function readInputs(graph: CheckedGraph, sizes: CacheSizes | undefined): DecoderInputs {
  const outputs = new Map(graph.outputs.map((port) => [port.name, port]));
  const feeds = new Map<string, StageFeed>();
  const layers = new Map<number, StateSpec[]>();
  for (const port of graph.inputs) {
    const kind = FEEDS[port.name];
    if (kind && Object.hasOwn(FEEDS, port.name)) {
      feeds.set(port.name, readFeed(port, kind));
      continue;
    }
    const state = readStateName(port.name);
    if (!state) throw cannotSplit(`its graph asks for the input “${port.name}”, which nothing here can give`);
    if (port.shape?.length === 5 || port.name.includes("encoder")) {
      throw cannotSplit(`its cache “${port.name}” is not kept as keys and values of one layer of a decoder`);
    }
    const { layer } = state;
    const output = stateOutput(port.name, state.outputs, outputs);
    const states = layers.get(layer) ?? [];
    if (states.length === MAX_LAYER_STATES)
      throw cannotSplit(`its layer ${layer} has more than ${MAX_LAYER_STATES} states`);
    states.push(readState(port, output, state.grows, sizes));
    layers.set(layer, states);
  }
  if (!feeds.has("input_ids")) throw cannotSplit("its graph does not take token ids (“input_ids”)");
  const logits = outputs.get("logits");
  const dtype = elementName(logits?.type ?? 0);
  if (!logits || !dtype) throw cannotSplit("its graph has no output named “logits”, so it is no text decoder");
  if (layers.size === 0) throw cannotSplit("its graph has no layers with a cache (“past_key_values…”) to cut between");
  const layerNumbers = [...layers.keys()].sort((a, b) => a - b);
  return {
    feeds,
    logits: { name: "logits", dtype, shape: namedDims("logits", logits.shape ?? []) },
    states: layerNumbers.map((number, layer) => (layers.get(number) ?? []).map((state) => ({ ...state, layer }))),
    layerNumbers,
  };
}

function readFeed({ name, type, shape }: GraphPort, kind: StageFeed["kind"]): StageFeed {
  const dtype = type === ELEMENT.int64 ? "int64" : type === ELEMENT.int32 ? "int32" : undefined;
  // Models that also see images take positions in three rows.
  if (!dtype || !shape || shape.length > (kind === "position-ids" ? 3 : 2)) {
    throw cannotSplit(`its input “${name}” has a type or a shape that is not known here`);
  }
  return { name, dtype, shape: namedDims(name, shape), kind };
}

function stateOutput(past: string, candidates: readonly string[], outputs: ReadonlyMap<string, GraphPort>): GraphPort {
  const output = candidates.map((name) => outputs.get(name)).find((port) => port !== undefined);
  if (!output) throw cannotSplit(`its state “${past}” has no output that is the next run's`);
  return output;
}

function readState(port: GraphPort, output: GraphPort, grows: boolean, sizes: CacheSizes | undefined): StateSpec {
  const dtype = elementName(port.type ?? 0);
  if (!dtype || !port.shape) throw cannotSplit(`its state “${port.name}” has no type or shape`);
  const isCache = grows && port.shape.length === 4;
  const [batch, heads, tokens, headDim] = port.shape;
  const shape = isCache ? [batch, sized(heads) ?? sizes?.heads, tokens, sized(headDim) ?? sizes?.headDim] : port.shape;
  const open = shape.filter((dim, axis) => axis > 0 && typeof dim !== "number").length;
  if (isCache ? open > (sized(tokens) === undefined ? 1 : 0) : open > 0) {
    throw cannotSplit(`the size of its state “${port.name}” is not known`);
  }
  const state: StateSpec = {
    name: port.name,
    output: output.name,
    dtype,
    shape: namedDims(port.name, shape),
    layer: 0,
    tokenAxis: isCache && sized(tokens) === undefined ? 2 : undefined,
  };
  // Not `>`: the bytes of absurd dimensions are no number.
  if (!(stateBytes(state) <= MAX_STATE_BYTES)) throw cannotSplit(`its state “${port.name}” is too large`);
  return state;
}

function sized(dim: Dim): number | undefined {
  return typeof dim === "number" && dim > 0 ? dim : undefined;
}

/** Open dimensions without a name get one. */
export function namedDims(value: string, shape: readonly Dim[]): (number | string)[] {
  return shape.map((dim, axis) => (dim === undefined || dim === 0 ? `${value}:${axis}` : dim));
}

/** Bytes of the state per token, or for state of fixed size, in all. */
export function stateBytes({ dtype, shape }: StateSpec): number {
  const elements = shape.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1);
  return elementBytes(elementNumber(dtype), elements) ?? 0;
}
