/** Caches on `webgpu` for graphs that concatenate: each run makes new ones. */
import type { Tensor } from "onnxruntime-web";
import { createCacheBuffer, copyRows, bufferTensor } from "./gpu-buffers";
import type { CacheSlot, GraphSpec } from "./graph-spec";
import { type KvCache, emptyTensor } from "./kv-cache";
import type { Ort } from "./runtime";

/** Each run makes new presents in GPU memory, which become the past of the next. */
export class GrowingGpuKvCache implements KvCache {
  readonly #ort: Ort;
  readonly #device: GPUDevice;
  readonly #spec: GraphSpec;
  #tensors: Map<string, Tensor>;
  #length = 0;

  constructor(ort: Ort, device: GPUDevice, spec: GraphSpec) {
    this.#ort = ort;
    this.#device = device;
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
      if (present) this.#replace(slot, present);
    }
    this.#length += count;
  }

  truncate(length: number): void {
    if (length >= this.#length) return;
    const encoder = this.#device.createCommandEncoder();
    const replaced: [CacheSlot, Tensor][] = [];
    for (const slot of this.#spec.slots) {
      const old = this.#tensors.get(slot.past);
      if (old?.location !== "gpu-buffer") continue;
      if (length === 0) {
        replaced.push([slot, emptyTensor(this.#ort, slot)]);
        continue;
      }
      const buffer = createCacheBuffer(this.#device, slot, length);
      copyRows(encoder, slot, {
        from: old.gpuBuffer,
        fromTokens: this.#length,
        to: buffer,
        toTokens: length,
        tokens: length,
      });
      replaced.push([slot, bufferTensor(this.#ort, slot, buffer, length)]);
    }
    this.#device.queue.submit([encoder.finish()]);
    for (const [slot, tensor] of replaced) this.#replace(slot, tensor);
    this.#length = length;
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    this.#length = 0;
  }

  #replace(slot: CacheSlot, tensor: Tensor): void {
    this.#tensors.get(slot.past)?.dispose();
    this.#tensors.set(slot.past, tensor);
  }
}
