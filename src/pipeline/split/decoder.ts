/** Reads a decoder's graph and finds out how it can be split. */
import { findCuts } from "./cuts";
import { tooLarge } from "./errors";
import { traceFlow } from "./flow";
import { namesIn, readCheckedGraph } from "./graph";
import { type CacheSizes, readInputs, stateBytes } from "./inputs";
import { MAX_FIELDS, MAX_FOLLOWED, MAX_STRANGERS_FIELDS, MAX_WORK, WorkCount } from "./limits";
import { collectParts } from "./parts";
import { keepPlan } from "./plan";
import { inferTypes } from "./shapes";
import { checkStrangersGraph } from "./strangers";
import type { DecoderGraph } from "./types";
import { checkWork } from "./work";

/** How a decoder's graph is read. */
interface ReadOptions {
  /** Sizes for graphs that leave those of their caches open. */
  readonly sizes?: CacheSizes;
  /** False for a graph from another member: it may only have the operators of usual decoders. */
  readonly trusted?: boolean;
}

/**
 * Reads a decoder's graph file; no weights are needed. All sizes in the result are bounded, so their sums are exact.
 * Throws `unsupported-model` with the reason if the model cannot be split or, unless it is `trusted`, if it has an operator
 * that is not accepted from others; `not-a-model` and `file-corrupt` for files that are not models or are damaged.
 */
export function readDecoder(graphBytes: Uint8Array, { sizes, trusted = true }: ReadOptions = {}): DecoderGraph {
  const graph = readCheckedGraph(graphBytes, trusted ? MAX_FIELDS : MAX_STRANGERS_FIELDS);
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
  const layerBytes = inputs.states.map((_, layer) => {
    const parts = collectParts(plan, { embed: false, from: layer, to: layer + 1, head: false }, followed);
    if (!trusted) checkWork(graph, parts, layer);
    return parts.weightBytes;
  });
  const decoder: DecoderGraph = {
    layers,
    embeddingBytes: bytes(true, 0, 0, false),
    layerBytes,
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
  keepPlan(decoder, plan);
  return decoder;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
