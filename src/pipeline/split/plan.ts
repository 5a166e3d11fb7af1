/** Everything that is worked out about a decoder, and that its stages are made from. */
import type { PlacedCut } from "./cuts";
import type { Graph } from "../../onnx";
import type { Flow } from "./flow";
import type { CheckedGraph } from "./graph";
import type { DecoderInputs } from "./inputs";
import type { InferredType } from "./shapes";
import type { DecoderGraph } from "./types";

/** All that is known of a decoder. */
export interface DecoderPlan {
  readonly graph: CheckedGraph;
  readonly inputs: DecoderInputs;
  readonly flow: Flow;
  readonly types: ReadonlyMap<string, InferredType>;
  readonly cuts: readonly PlacedCut[];
}

const plans = new WeakMap<DecoderGraph, DecoderPlan>();

/** Keeps the plan of a decoder for as long as the decoder is in use. */
export function keepPlan(decoder: DecoderGraph, plan: DecoderPlan): void {
  plans.set(decoder, plan);
}

/** The plan of a decoder that `readDecoder` returned. */
export function planOf(decoder: DecoderGraph): DecoderPlan {
  const plan = plans.get(decoder);
  if (!plan) throw new TypeError("Only a decoder that readDecoder gave can be split.");
  return plan;
}

/** The graph of a decoder as its file states it. */
export function graphOf(decoder: DecoderGraph): Graph {
  return planOf(decoder).graph.stated;
}
