/** One run of a graph: its input, and the results that are asked for. */
import type { HiddenState } from "../stages";

/** The next tokens of a sequence: ids if the graph begins with the embedding, hidden states otherwise. */
export interface Step {
  readonly ids?: readonly number[];
  readonly hidden?: HiddenState;
  /** Number of tokens. */
  readonly count: number;
}

/** The results that a run is asked for. */
export interface Wanted {
  /** The number of last tokens whose logits are wanted. */
  readonly logits: number;
  readonly hidden: boolean;
}

/** The results of a run. */
export interface StepResult {
  /** One row for each token that was asked for, in order; empty if the graph has no head. */
  readonly logits: readonly Float32Array[];
  readonly hidden: HiddenState;
}
