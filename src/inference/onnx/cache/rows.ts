/** Tensors in which the state of several sequences lies side by side, one row for each. */
import type { Tensor } from "onnxruntime-web";
import { floatBytes } from "../floats";
import { type CacheSlot, type FixedSlot, numbersIn } from "../graph-spec";
import type { ByteRun } from "./memory";

/** Keys or values, which grow with each token, or state of fixed size. */
export type StateSlot = CacheSlot | FixedSlot;

/** Whether a slot's tensors have a place for each token. */
export function grows(slot: StateSlot): slot is CacheSlot {
  return "heads" in slot;
}

/** The dimensions of a slot's tensor with this number of rows and, if it grows, with room for this number of tokens. */
export function dimsOf(slot: StateSlot, rows: number, tokens: number): number[] {
  return grows(slot) ? [rows, slot.heads, tokens, slot.headDim] : [rows, ...slot.dims.slice(1)];
}

/** Bytes of one row. */
export function rowBytes(slot: StateSlot, tokens: number): number {
  return numbersIn(dimsOf(slot, 1, tokens)) * floatBytes(slot.type);
}

/** A tensor and everything that uses it: the sequences that have a row in it, and a run. It is freed when the last has left. */
export class RowTensor {
  readonly tensor: Tensor;
  readonly rows: number;
  /** Tokens that each row has room for; 0 for state of fixed size. */
  readonly tokens: number;
  readonly owners = new Set<object>();

  constructor(tensor: Tensor, slot: StateSlot) {
    this.tensor = tensor;
    this.rows = tensor.dims[0] ?? 1;
    this.tokens = grows(slot) ? (tensor.dims[2] ?? 0) : 0;
  }

  leave(owner: object): void {
    if (this.owners.delete(owner) && this.owners.size === 0) this.tensor.dispose();
  }
}

/** One sequence's part of a tensor: a row, and the place of its first token in that row. */
export interface RowPlace {
  readonly of: RowTensor;
  readonly row: number;
  readonly first: number;
}

/** The copies that bring a sequence of `tokens` tokens from one place to another. */
export function copies(slot: StateSlot, from: RowPlace, to: RowPlace, tokens: number): readonly ByteRun[] {
  const line = grows(slot) ? slot.headDim * floatBytes(slot.type) : rowBytes(slot, 0);
  const [heads, count] = grows(slot) ? [slot.heads, tokens] : [1, 1];
  const start = ({ of, row, first }: RowPlace, head: number): number =>
    ((row * heads + head) * (of.tokens || 1) + first) * line;
  const run = (head: number, lines: number): ByteRun => ({
    from: from.of.tensor,
    fromByte: start(from, head),
    to: to.of.tensor,
    toByte: start(to, head),
    bytes: lines * line,
  });
  // Between rows of one size, all heads are equally far apart and go at once, with the room between their tokens.
  if (from.of.tokens === to.of.tokens) return [run(0, (heads - 1) * from.of.tokens + count)];
  return Array.from({ length: heads }, (_, head) => run(head, count));
}
