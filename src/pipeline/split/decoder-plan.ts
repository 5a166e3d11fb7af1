/** All that reading a decoder finds out, kept for cutting it. */
import type { Graph } from "../../onnx";
import type { PlacedCut } from "./cuts";
import type { Flow } from "./flow";
import type { DecoderInputs } from "./inputs";
import type { InferredType } from "./shapes";

/** A decoder that was read: its graph, how values flow through it, and where it can be cut. */
export interface DecoderPlan {
  readonly graph: Graph;
  readonly inputs: DecoderInputs;
  readonly flow: Flow;
  readonly types: ReadonlyMap<string, InferredType>;
  readonly cuts: readonly PlacedCut[];
}
