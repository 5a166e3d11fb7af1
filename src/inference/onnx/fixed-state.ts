/** State of fixed size, such as that of a convolution or a recurrence: each run replaces it. */
import type { Tensor } from "onnxruntime-web";
import { floatBytes } from "./floats";
import { type FixedSlot, type GraphSpec, numbersIn } from "./graph-spec";
import { floatTensor } from "./kv-cache";
import type { Ort } from "./runtime";

/** The state of fixed size of one sequence, on the CPU or the GPU. It cannot go back: earlier states are not kept. */
export class FixedState {
  readonly #ort: Ort;
  readonly #spec: GraphSpec;
  readonly #tensors = new Map<FixedSlot, Tensor>();

  constructor(ort: Ort, spec: GraphSpec) {
    this.#ort = ort;
    this.#spec = spec;
    this.clear();
  }

  feeds(): Record<string, Tensor> {
    return Object.fromEntries([...this.#tensors].map(([slot, tensor]) => [slot.past, tensor]));
  }

  fetches(): Record<string, null> {
    return Object.fromEntries(this.#spec.fixed.map((slot) => [slot.present, null]));
  }

  /** Takes the state after a run. */
  advance(outputs: Readonly<Record<string, Tensor>>): void {
    for (const [slot, old] of this.#tensors) {
      const next = outputs[slot.present];
      if (!next) throw new Error(`The run gave no ${slot.present}.`);
      this.#tensors.set(slot, next);
      old.dispose();
    }
  }

  /** Goes back to the state before the first token: zeros. */
  clear(): void {
    this.dispose();
    for (const slot of this.#spec.fixed) {
      const zeros = new ArrayBuffer(numbersIn(slot.dims) * floatBytes(slot.type));
      this.#tensors.set(slot, floatTensor(this.#ort, slot.type, zeros, slot.dims));
    }
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }
}
