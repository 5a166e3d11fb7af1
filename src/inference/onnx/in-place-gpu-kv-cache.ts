/** Caches on `webgpu` for grouped-query attention: buffers of a fixed capacity, past and present at once. */
import type { Tensor } from "onnxruntime-web";
import { FixedState } from "./fixed-state";
import { floatBytes } from "./floats";
import { createCacheBuffer, copyRows, bufferTensor } from "./gpu-buffers";
import { withinGpuMemory } from "./gpu-device";
import type { CacheSlot, GraphSpec } from "./graph-spec";
import type { KvCache } from "./kv-cache";
import type { Ort } from "./runtime";

/** Tokens by which a fixed cache grows: few reallocations, little waste. */
const CAPACITY_STEP_TOKENS = 256;
/**
 * Bytes of the buffers that are replaced together: only so much memory is taken twice while a cache grows, and the GPU is
 * waited for only so often. One layer's buffer may be larger.
 */
const GROWTH_BYTES = 64 * 2 ** 20;

/** Keys or values of one layer. */
interface CacheBuffer {
  readonly buffer: GPUBuffer;
  readonly tensor: Tensor;
  /** Tokens. Layers differ after memory ran out while the cache grew. */
  readonly capacity: number;
}

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
  readonly #buffers = new Map<string, CacheBuffer>();
  /** Tokens that every layer has room for. */
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
    return [...this.#buffers.values()].reduce((sum, { buffer }) => sum + buffer.size, this.#spec.fixedBytes);
  }

  async reserve(tokens: number): Promise<void> {
    if (tokens <= this.#capacity) return;
    const rounded = Math.ceil(tokens / CAPACITY_STEP_TOKENS) * CAPACITY_STEP_TOKENS;
    const capacity = Math.max(tokens, Math.min(rounded, this.#maxTokens));
    // After a failure, some layers have grown already; a smaller cache is tried next then.
    const small = this.#spec.slots.filter((slot) => (this.#buffers.get(slot.past)?.capacity ?? 0) < capacity);
    for (const slots of batches(small, capacity)) await this.#grow(slots, capacity);
    this.#capacity = capacity;
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

  /** Replaces the buffers of some layers. Nothing has changed if memory runs out. */
  async #grow(slots: readonly CacheSlot[], capacity: number): Promise<void> {
    const device = this.#device;
    const made = new Map<CacheSlot, GPUBuffer>();
    try {
      await withinGpuMemory(device, () => {
        for (const slot of slots) made.set(slot, createCacheBuffer(device, slot, capacity));
      });
    } catch (error) {
      for (const buffer of made.values()) buffer.destroy();
      throw error;
    }
    const old = slots.flatMap((slot) => this.#buffers.get(slot.past) ?? []);
    const encoder = device.createCommandEncoder();
    for (const [slot, to] of made) {
      const from = this.#buffers.get(slot.past);
      if (from && this.#length > 0) {
        const rows = { fromTokens: from.capacity, toTokens: capacity, tokens: this.#length };
        copyRows(encoder, slot, { from: from.buffer, to, ...rows });
      }
      this.#buffers.set(slot.past, { buffer: to, tensor: bufferTensor(this.#ort, slot, to, capacity), capacity });
    }
    device.queue.submit([encoder.finish()]);
    for (const { buffer } of old) buffer.destroy();
    // The old buffers take memory until they have been copied.
    if (old.length > 0) await device.queue.onSubmittedWorkDone();
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

/** The layers in groups of at most `GROWTH_BYTES`, or one by one. */
function batches(slots: readonly CacheSlot[], capacity: number): readonly (readonly CacheSlot[])[] {
  const groups: CacheSlot[][] = [];
  let bytes = Infinity;
  for (const slot of slots) {
    const size = slot.heads * capacity * slot.headDim * floatBytes(slot.type);
    if (bytes + size > GROWTH_BYTES) [bytes] = [0, groups.push([])];
    bytes += size;
    groups.at(-1)!.push(slot);
  }
  return groups;
}
