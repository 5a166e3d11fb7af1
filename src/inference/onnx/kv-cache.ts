/** The key-value cache of one sequence, in the three forms that graphs and backends allow. */
import type { Tensor } from "onnxruntime-web";
import { bytesOf, type CacheSlot, type FloatType, type GraphSpec } from "./graph-spec";
import type { Ort } from "./runtime";

/** Keys and values of the tokens seen so far. Only ever touched in a turn of the run queue. */
export interface KvCache {
  /** Tokens held. */
  readonly length: number;
  /** Memory taken, in bytes. */
  readonly bytes: number;
  /** Makes room for `tokens` in all. Costs nothing where there is room. */
  reserve(tokens: number): void;
  /** The past of each slot, to feed. */
  feeds(): Record<string, Tensor>;
  /** Where each present goes: a buffer, or null for a new one. */
  fetches(): Record<string, Tensor | null>;
  /** Takes the presents of a run that added `count` tokens. */
  advance(outputs: Readonly<Record<string, Tensor>>, count: number): void;
  /** Forgets all tokens from `length` on. */
  truncate(length: number): void;
  dispose(): void;
}

/** Makes empty caches for one model. */
export type KvCacheFactory = () => KvCache;

/** On `wasm`: presents come back as arrays, which the next run takes as past. ONNX Runtime Web copies both ways. */
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

  reserve(): void {
    // Grows by itself.
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
      if (tensor) this.#tensors.set(slot.past, length === 0 ? emptyTensor(this.#ort, slot) : this.#cut(tensor, slot, length));
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

/** On `webgpu`, for graphs that concatenate: each run makes new presents in GPU memory, which become the past. */
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

  reserve(): void {
    // Grows by itself.
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
      if (!old || old.location !== "gpu-buffer") continue;
      if (length === 0) {
        replaced.push([slot, emptyTensor(this.#ort, slot)]);
        continue;
      }
      const buffer = createCacheBuffer(this.#device, slot, length);
      copyRows(encoder, slot, { from: old.gpuBuffer, fromTokens: this.#length, to: buffer, toTokens: length, tokens: length });
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

/** Tokens by which a fixed cache grows: few reallocations, little waste. */
const CAPACITY_STEP_TOKENS = 256;

/** On `webgpu`, for grouped-query attention: past and present are one buffer with room for the whole answer. */
export class InPlaceGpuKvCache implements KvCache {
  readonly #ort: Ort;
  readonly #device: GPUDevice;
  readonly #spec: GraphSpec;
  readonly #maxTokens: number;
  #buffers = new Map<string, { readonly buffer: GPUBuffer; readonly tensor: Tensor }>();
  #capacity = 0;
  #length = 0;

  /** `maxTokens` is the model's context length. */
  constructor(ort: Ort, device: GPUDevice, spec: GraphSpec, maxTokens: number) {
    this.#ort = ort;
    this.#device = device;
    this.#spec = spec;
    this.#maxTokens = maxTokens;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#capacity * this.#spec.bytesPerToken;
  }

  reserve(tokens: number): void {
    if (tokens <= this.#capacity) return;
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

  feeds(): Record<string, Tensor> {
    return this.#named((slot) => slot.past);
  }

  fetches(): Record<string, Tensor | null> {
    return this.#named((slot) => slot.present);
  }

  advance(_outputs: Readonly<Record<string, Tensor>>, count: number): void {
    this.#length += count;
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  dispose(): void {
    for (const { buffer } of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    this.#capacity = 0;
    this.#length = 0;
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

interface RowCopy {
  readonly from: GPUBuffer;
  readonly fromTokens: number;
  readonly to: GPUBuffer;
  readonly toTokens: number;
  /** Tokens to copy of each head. */
  readonly tokens: number;
}

function copyRows(encoder: GPUCommandEncoder, slot: CacheSlot, copy: RowCopy): void {
  const row = slot.headDim * bytesOf(slot.type);
  for (let head = 0; head < slot.heads; head++) {
    const [from, to] = [head * copy.fromTokens * row, head * copy.toTokens * row];
    encoder.copyBufferToBuffer(copy.from, from, copy.to, to, copy.tokens * row);
  }
}

function createCacheBuffer(device: GPUDevice, slot: CacheSlot, tokens: number): GPUBuffer {
  // ONNX Runtime binds sizes in steps of 16 bytes.
  const size = Math.ceil((slot.heads * tokens * slot.headDim * bytesOf(slot.type)) / 16) * 16;
  return device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
}

function bufferTensor(ort: Ort, slot: CacheSlot, buffer: GPUBuffer, tokens: number): Tensor {
  const dims = [1, slot.heads, tokens, slot.headDim];
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: slot.type, dims, dispose: () => buffer.destroy() });
}

function emptyTensor(ort: Ort, slot: CacheSlot): Tensor {
  return floatTensor(ort, slot.type, new ArrayBuffer(0), [1, slot.heads, 0, slot.headDim]);
}

function floatTensor(ort: Ort, type: FloatType, bytes: ArrayBuffer, dims: readonly number[]): Tensor {
  if (type === "float32") return new ort.Tensor(type, new Float32Array(bytes), dims);
  // Browsers that have Float16Array insist on it, others on the bits as Uint16Array.
  const half = (globalThis as unknown as { Float16Array?: Uint16ArrayConstructor }).Float16Array ?? Uint16Array;
  return new ort.Tensor(type, new half(bytes), dims);
}
