/** Names and shapes of the state of fixed size that random decoders have. For tests; never bundled. */
import type { DecoderShape } from "./decoder-shape";
import { FIXTURE } from "./decoder-sizes";

const { hidden: HIDDEN, convolution: KERNEL, keyHeads: QK_HEADS, queryHeads: HEADS } = FIXTURE;

/** Sizes of the gated delta rule: fewer heads of queries and keys than of values. */
const DELTA_HEAD = 8;
export const DELTA = {
  head: DELTA_HEAD,
  keys: QK_HEADS * DELTA_HEAD,
  values: HEADS * DELTA_HEAD,
  channels: (2 * QK_HEADS + HEADS) * DELTA_HEAD,
} as const;
/** Sizes of a Mamba layer: heads of 16 channels, one group of 8 states. */
const MAMBA_STATES = 8;
export const MAMBA = { states: MAMBA_STATES, head: HIDDEN / HEADS, channels: HIDDEN + 2 * MAMBA_STATES } as const;

/** The states of fixed size of a layer: the kind, as in the name of the input, and the shape after the batch. */
export function fixedStates(shape: DecoderShape, layer: number): readonly { past: string; dims: readonly number[] }[] {
  const delta = shape.stateNames === "genai" ? `past_key_values.${layer}` : "";
  switch (shape.mixers?.[layer]) {
    case "convolution":
      return [{ past: `past_conv.${layer}`, dims: [HIDDEN, KERNEL] }];
    case "delta":
      return [
        { past: delta ? `${delta}.conv_state` : `past_conv.${layer}`, dims: [DELTA.channels, KERNEL - 1] },
        { past: delta ? `${delta}.recurrent_state` : `past_recurrent.${layer}`, dims: [HEADS, DELTA.head, DELTA.head] },
      ];
    case "mamba":
    case "mamba-and-attention":
      return [
        { past: `past_conv.${layer}`, dims: [MAMBA.channels, KERNEL] },
        { past: `past_ssm.${layer}`, dims: [HEADS, MAMBA.head, MAMBA.states] },
      ];
    default:
      return [];
  }
}

/** The output with a state after the run. */
export function presentOf(past: string): string {
  return past.startsWith("past_key_values")
    ? past.replace("past_key_values", "present")
    : past.replace("past", "present");
}
