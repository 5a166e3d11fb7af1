/** Tensors of integers: ids, positions and masks. */
import type { Tensor } from "onnxruntime-web";
import type { IntegerType } from "./graph-spec";
import type { Ort } from "./runtime";

/** A tensor of integers of either size. */
export function integerTensor(ort: Ort, type: IntegerType, values: readonly number[], dims: readonly number[]): Tensor {
  return type === "int64"
    ? new ort.Tensor("int64", BigInt64Array.from(values, BigInt), dims)
    : new ort.Tensor("int32", Int32Array.from(values), dims);
}

/**
 * Attention masks of one sequence without padding: ones. A graph wants one for each token, as long as the text so far, and
 * making it takes milliseconds in a long text. So the ones are kept, and their number doubles when more are needed.
 */
export class OpenMasks {
  readonly #ort: Ort;
  readonly #type: IntegerType;
  #ones: BigInt64Array | Int32Array;

  constructor(ort: Ort, type: IntegerType) {
    this.#ort = ort;
    this.#type = type;
    this.#ones = this.#filled(1024);
  }

  /** The mask for this number of tokens. Nobody may write to it. */
  of(tokens: number): Tensor {
    if (this.#ones.length < tokens) this.#ones = this.#filled(Math.max(tokens, 2 * this.#ones.length));
    return new this.#ort.Tensor(this.#type, this.#ones.subarray(0, tokens), [1, tokens]);
  }

  #filled(length: number): BigInt64Array | Int32Array {
    return this.#type === "int64" ? new BigInt64Array(length).fill(1n) : new Int32Array(length).fill(1);
  }
}

/** Attention masks of sequences with these numbers of tokens, side by side: shorter ones are padded in front. */
export function paddedMask(ort: Ort, type: IntegerType, lengths: readonly number[]): Tensor {
  const width = Math.max(...lengths);
  const size = lengths.length * width;
  const mask = type === "int64" ? new BigInt64Array(size).fill(1n) : new Int32Array(size).fill(1);
  for (const [row, length] of lengths.entries()) {
    const [from, to] = [row * width, (row + 1) * width - length];
    if (mask instanceof BigInt64Array) mask.fill(0n, from, to);
    else mask.fill(0, from, to);
  }
  return new ort.Tensor(type, mask, [lengths.length, width]);
}
