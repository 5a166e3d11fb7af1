/** Caches that grow with each run: for graphs that concatenate the past with the new tokens. */
import type { Tensor } from "onnxruntime-web";
import { createCacheBuffer, copyRows, bufferTensor } from "./gpu-buffers";
import { FixedState } from "./fixed-state";
import { floatBytes } from "./floats";
import type { CacheSlot, GraphSpec } from "./graph-spec";
import { type KvCache, emptyTensor, floatTensor } from "./kv-cache";
import type { Ort } from "./runtime";

/** A slot with its tensor of the past. */
interface Past {
  readonly slot: CacheSlot;
  readonly tensor: Tensor;
}

/** Each run makes new presents, which become the past of the next. */
abstract class GrowingKvCache implements KvCache {
  protected readonly ort: Ort;
  readonly #spec: GraphSpec;
  readonly #fixed: FixedState;
  #pasts: readonly Past[] = [];
  #length = 0;

  constructor(ort: Ort, spec: GraphSpec) {
    this.ort = ort;
    this.#spec = spec;
    this.#fixed = new FixedState(ort, spec);
    this.#empty();
  }

  get canGoBack(): boolean {
    return this.#spec.fixed.length === 0;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#spec.fixedBytes + this.#length * this.#spec.bytesPerToken;
  }

  reserve(): Promise<void> {
    return Promise.resolve(); // it grows by itself
  }

  feeds(): Record<string, Tensor> {
    const pasts = this.#pasts.map(({ slot, tensor }) => [slot.past, tensor] as const);
    return { ...Object.fromEntries(pasts), ...this.#fixed.feeds() };
  }

  fetches(): Record<string, Tensor | null> {
    return { ...Object.fromEntries(this.#spec.slots.map((slot) => [slot.present, null])), ...this.#fixed.fetches() };
  }

  advance(outputs: Readonly<Record<string, Tensor>>, count: number): void {
    this.#replace(this.#pasts.map(({ slot, tensor }) => ({ slot, tensor: outputs[slot.present] ?? tensor })));
    this.#fixed.advance(outputs);
    this.#length += count;
  }

  truncate(length: number): void {
    if (length >= this.#length) return;
    if (length > 0 && this.canGoBack) {
      this.#replace(this.cut(this.#pasts, length));
      this.#length = length;
    } else {
      this.#empty();
      this.#fixed.clear();
    }
  }

  dispose(): void {
    this.#replace([]);
    this.#fixed.dispose();
    this.#length = 0;
  }

  /** Copies the first `length` tokens, at least one and fewer than there are. */
  protected abstract cut(pasts: readonly Past[], length: number): readonly Past[];

  #empty(): void {
    this.#replace(this.#spec.slots.map((slot) => ({ slot, tensor: emptyTensor(this.ort, slot) })));
    this.#length = 0;
  }

  /** Frees the tensors that are in use no more. */
  #replace(pasts: readonly Past[]): void {
    const kept = new Set(pasts.map(({ tensor }) => tensor));
    for (const { tensor } of this.#pasts) if (!kept.has(tensor)) tensor.dispose();
    this.#pasts = pasts;
  }
}

/**
 * Arrays for `wasm`. ONNX Runtime Web copies inputs into the WASM heap and outputs out of it and has no way to bind memory
 * of the heap, so the arrays grow: a fixed capacity would be copied whole.
 */
export class ArrayKvCache extends GrowingKvCache {
  protected cut(pasts: readonly Past[], length: number): readonly Past[] {
    return pasts.map(({ slot, tensor }) => {
      const { heads, headDim, type } = slot;
      const data = tensor.data as Float32Array;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const row = headDim * floatBytes(type);
      const out = new Uint8Array(heads * length * row);
      for (let head = 0; head < heads; head++) {
        const start = head * this.length * row;
        out.set(bytes.subarray(start, start + length * row), head * length * row);
      }
      return { slot, tensor: floatTensor(this.ort, type, out.buffer, [1, heads, length, headDim]) };
    });
  }
}

/** Buffers for `webgpu`: past and present both stay in GPU memory. */
export class GrowingGpuKvCache extends GrowingKvCache {
  readonly #device: GPUDevice;

  constructor(ort: Ort, spec: GraphSpec, device: GPUDevice) {
    super(ort, spec);
    this.#device = device;
  }

  protected cut(pasts: readonly Past[], length: number): readonly Past[] {
    const encoder = this.#device.createCommandEncoder();
    const rows = { fromTokens: this.length, toTokens: length, tokens: length };
    const cut = pasts.map(({ slot, tensor }) => {
      const to = createCacheBuffer(this.#device, slot, length);
      copyRows(encoder, slot, { from: tensor.gpuBuffer, to, ...rows });
      return { slot, tensor: bufferTensor(this.ort, slot, to, length) };
    });
    this.#device.queue.submit([encoder.finish()]);
    return cut;
  }
}
