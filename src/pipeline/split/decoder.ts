/** Reads a decoder's graph and works out its parts. */
import { findCuts } from "./cuts";
import { traceFlow } from "./flow";
import { namesIn, readGraph } from "../../onnx";
import { type CacheSizes, readInputs, stateBytes } from "./inputs";
import { MAX_FIELDS, MAX_FOLLOWED, MAX_STRANGERS_FIELDS, MAX_WORK, tooLarge, WorkCount } from "../../onnx";
import { collectParts } from "./parts";
import { inferTypes } from "./shapes";
import { checkStrangersGraph } from "./strangers";
import type { DecoderPlan } from "./decoder-plan";
import type { DecoderGraph } from "./types";

/** How a decoder's graph is read. */
export interface ReadOptions {
  /** For graphs that leave the size of their caches open. */
  readonly sizes?: CacheSizes;
  /** False for a graph that comes from another member: it may have the operators of usual decoders and no others. */
  readonly trusted?: boolean;
}

const plans = new WeakMap<DecoderGraph, DecoderPlan>();

/**
 * Reads a decoder's graph file; no weights are needed. All that it says is bounded: sums of bytes are whole numbers.
 * Throws `unsupported-model` with the reason where the model cannot be split or, not `trusted`, has an operator that is not
 * taken from others; `not-a-model` and `file-corrupt` for bytes that are no model or a damaged one.
 */
export function readDecoder(graphBytes: Uint8Array, { sizes, trusted = true }: ReadOptions = {}): DecoderGraph {
  const graph = readGraph(graphBytes, trusted ? MAX_FIELDS : MAX_STRANGERS_FIELDS);
  if (!trusted) checkStrangersGraph(graph);
  const inputs = readInputs(graph, sizes);
  const [names, count] = [namesIn(graph), inputs.states.length];
  if (names * count > MAX_WORK) throw tooLarge(`${names} names, ${count} layers`);
  const types = inferTypes(graph);
  const flow = traceFlow(graph, inputs, types);
  const plan = { graph, inputs, flow, types, cuts: findCuts(graph, inputs, flow, types) };
  const layers = inputs.states.length;
  const followed = new WorkCount(MAX_FOLLOWED);
  const bytes = (embed: boolean, from: number, to: number, head: boolean): number =>
    collectParts(plan, { embed, from, to, head }, followed).weightBytes;
  const decoder: DecoderGraph = {
    layers,
    embeddingBytes: bytes(true, 0, 0, false),
    layerBytes: inputs.states.map((_, layer) => bytes(false, layer, layer + 1, false)),
    headBytes: bytes(false, layers, layers, true),
    kvBytesPerToken: inputs.states.map((states) =>
      sum(states.filter((s) => s.tokenAxis !== undefined).map(stateBytes)),
    ),
    fixedStateBytes: inputs.states.map((states) =>
      sum(states.filter((s) => s.tokenAxis === undefined).map(stateBytes)),
    ),
    cuts: plan.cuts.map(({ tensors, bytesPerToken }) => ({ tensors, bytesPerToken })),
    truncatable: inputs.states.flat().every(({ tokenAxis }) => tokenAxis !== undefined),
  };
  plans.set(decoder, plan);
  return decoder;
}

/** What `readDecoder` found out. */
export function planOf(decoder: DecoderGraph): DecoderPlan {
  const plan = plans.get(decoder);
  if (!plan) throw new TypeError("Only a decoder that readDecoder gave can be split.");
  return plan;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
