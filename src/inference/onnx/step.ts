/** One run of a graph: its input, a check of it, and the results that are asked for. */
import type { HiddenSlot, HiddenState } from "../stages";
import { allFinite, floatBytes, readFloats } from "./floats";

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
  /** The number of likeliest tokens whose logits are needed, others may be −∞; absent: all. */
  readonly candidates?: number | undefined;
  readonly hidden: boolean;
}

/** The results of a run. */
export interface StepResult {
  /** One row for each token that was asked for, in order; empty if the graph has no head. */
  readonly logits: readonly Float32Array[];
  readonly hidden: HiddenState;
}

/** Explains why a hidden state of `count` tokens does not match `slots`; undefined if it matches. */
export function hiddenFault(hidden: HiddenState, slots: readonly HiddenSlot[], count: number): string | undefined {
  if (hidden.length !== slots.length) return `${slots.length} tensors cross here, not ${hidden.length}`;
  for (const { name, type, width } of slots) {
    const tensor = hidden.find((each) => each.name === name);
    if (tensor?.type !== type || tensor.bytes.length !== count * width * floatBytes(type)) {
      return `${name} has to be ${count} × ${width} numbers of ${type}`;
    }
    if (!allFinite(tensor.bytes, type)) return `${name} has numbers that are not finite`;
  }
  return undefined;
}

/** All numbers of a result, to compare it with another. */
export function numbersOf({ logits, hidden }: StepResult): Float32Array {
  const rows = [...logits, ...hidden.map(({ type, bytes }) => readFloats(type, bytes))];
  const numbers = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const row of rows) {
    numbers.set(row, at);
    at += row.length;
  }
  return numbers;
}
