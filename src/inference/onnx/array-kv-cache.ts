/** Caches on `wasm`: arrays that each run takes and gives back longer. */
import type { Tensor } from "onnxruntime-web";
import { type CacheSlot, type GraphSpec, bytesOf } from "./graph-spec";
import { type KvCache, emptyTensor, floatTensor } from "./kv-cache";
import type { Ort } from "./runtime";

/**
 * Presents come back as arrays, which the next run takes as past. ONNX Runtime Web copies inputs into the WASM heap and
 * outputs out of it and has no way to bind memory of the heap, so the arrays grow: a fixed capacity would be copied whole.
 */
export class ArrayKvCache implements KvCache {
  readonly #ort: Ort;
  readonly #spec: GraphSpec;
  #tensors: Map<string, Tensor>;
  #length = 0;

  constructor(ort: Ort, spec: GraphSpec) {
    this.#ort = ort;
    this.#spec = spec;
    this.#tensors = new Map(spec.slots.map((slot) => [slot.past, emptyTensor(ort, slot)]));
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#length * this.#spec.bytesPerToken;
  }

  reserve(): Promise<void> {
    return Promise.resolve(); // it grows by itself
  }

  feeds(): Record<string, Tensor> {
    return Object.fromEntries(this.#tensors);
  }

  fetches(): Record<string, Tensor | null> {
    return Object.fromEntries(this.#spec.slots.map((slot) => [slot.present, null]));
  }

  advance(outputs: Readonly<Record<string, Tensor>>, count: number): void {
    for (const slot of this.#spec.slots) {
      const present = outputs[slot.present];
      if (present) this.#tensors.set(slot.past, present);
    }
    this.#length += count;
  }

  truncate(length: number): void {
    if (length >= this.#length) return;
    for (const slot of this.#spec.slots) {
      const tensor = this.#tensors.get(slot.past);
      if (tensor)
        this.#tensors.set(slot.past, length === 0 ? emptyTensor(this.#ort, slot) : this.#cut(tensor, slot, length));
    }
    this.#length = length;
  }

  dispose(): void {
    this.#tensors.clear();
    this.#length = 0;
  }

  #cut(tensor: Tensor, slot: CacheSlot, length: number): Tensor {
    const data = tensor.data as Float32Array;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const row = slot.headDim * bytesOf(slot.type);
    const out = new Uint8Array(slot.heads * length * row);
    for (let head = 0; head < slot.heads; head++) {
      const start = head * this.#length * row;
      out.set(bytes.subarray(start, start + length * row), head * length * row);
    }
    return floatTensor(this.#ort, slot.type, out.buffer, [1, slot.heads, length, slot.headDim]);
  }
}
