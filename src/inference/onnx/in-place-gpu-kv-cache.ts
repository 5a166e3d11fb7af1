/** Caches on `webgpu` for grouped-query attention: buffers of a fixed capacity, past and present at once. */
import type { Tensor } from "onnxruntime-web";
import { FixedState } from "./fixed-state";
import { createCacheBuffer, copyRows, bufferTensor } from "./gpu-buffers";
import { withinGpuMemory } from "./gpu-device";
import type { CacheSlot, GraphSpec } from "./graph-spec";
import type { KvCache } from "./kv-cache";
import type { Ort } from "./runtime";

/** Tokens by which a fixed cache grows: few reallocations, little waste. */
const CAPACITY_STEP_TOKENS = 256;

/**
 * Keys and values have one buffer for past and present, with room for the whole answer, so a step writes one token and
 * copies nothing. State of fixed size is replaced.
 */
export class InPlaceGpuKvCache implements KvCache {
  readonly #ort: Ort;
  readonly #device: GPUDevice;
  readonly #spec: GraphSpec;
  readonly #maxTokens: number;
  readonly #fixed: FixedState;
  #buffers = new Map<string, { readonly buffer: GPUBuffer; readonly tensor: Tensor }>();
  #capacity = 0;
  #length = 0;

  /** `maxTokens` is the model's context length. */
  constructor(ort: Ort, device: GPUDevice, spec: GraphSpec, maxTokens: number) {
    this.#ort = ort;
    this.#device = device;
    this.#spec = spec;
    this.#maxTokens = maxTokens;
    this.#fixed = new FixedState(ort, spec);
  }

  get canGoBack(): boolean {
    return this.#spec.fixed.length === 0;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#spec.fixedBytes + this.#capacity * this.#spec.bytesPerToken;
  }

  async reserve(tokens: number): Promise<void> {
    if (tokens > this.#capacity) await withinGpuMemory(this.#device, () => this.#grow(tokens));
  }

  feeds(): Record<string, Tensor> {
    return { ...this.#named((slot) => slot.past), ...this.#fixed.feeds() };
  }

  fetches(): Record<string, Tensor | null> {
    return { ...this.#named((slot) => slot.present), ...this.#fixed.fetches() };
  }

  advance(outputs: Readonly<Record<string, Tensor>>, count: number): void {
    this.#fixed.advance(outputs);
    this.#length += count;
  }

  truncate(length: number): void {
    if (length >= this.#length) return;
    this.#length = this.canGoBack ? length : 0;
    if (!this.canGoBack) this.#fixed.clear();
  }

  dispose(): void {
    for (const { buffer } of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    this.#fixed.dispose();
    this.#capacity = 0;
    this.#length = 0;
  }

  #grow(tokens: number): void {
    const rounded = Math.ceil(tokens / CAPACITY_STEP_TOKENS) * CAPACITY_STEP_TOKENS;
    const capacity = Math.max(tokens, Math.min(rounded, this.#maxTokens));
    const encoder = this.#device.createCommandEncoder();
    const buffers = new Map<string, { buffer: GPUBuffer; tensor: Tensor }>();
    for (const slot of this.#spec.slots) {
      const buffer = createCacheBuffer(this.#device, slot, capacity);
      const old = this.#buffers.get(slot.past);
      if (old && this.#length > 0) {
        const rows = { fromTokens: this.#capacity, toTokens: capacity, tokens: this.#length };
        copyRows(encoder, slot, { from: old.buffer, to: buffer, ...rows });
      }
      buffers.set(slot.past, { buffer, tensor: bufferTensor(this.#ort, slot, buffer, capacity) });
    }
    this.#device.queue.submit([encoder.finish()]);
    for (const { buffer } of this.#buffers.values()) buffer.destroy();
    this.#buffers = buffers;
    this.#capacity = capacity;
  }

  #named(name: (slot: CacheSlot) => string): Record<string, Tensor> {
    const tensors: Record<string, Tensor> = {};
    for (const slot of this.#spec.slots) {
      const entry = this.#buffers.get(slot.past);
      if (entry) tensors[name(slot)] = entry.tensor;
    }
    return tensors;
  }
}
