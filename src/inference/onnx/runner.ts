/** One decoder graph in memory: feeds tokens, reads back the logits of the last one. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { bytesOf, type GraphSpec, type IntegerType } from "./graph-spec";
import { halvesToFloats } from "./half";
import type { KvCache } from "./kv-cache";
import type { Ort } from "./runtime";

/**
 * Runs a session. Every call must be made in a turn of the worker's run queue: two runs at once hang ONNX Runtime
 * on WebGPU.
 */
export class ModelRunner {
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #spec: GraphSpec;
  readonly #device: GPUDevice | undefined;
  #readback: GPUBuffer | undefined;

  /** `device` is ONNX Runtime's GPU device on `webgpu`, undefined on `wasm`. */
  constructor(ort: Ort, session: InferenceSession, spec: GraphSpec, device: GPUDevice | undefined) {
    this.#ort = ort;
    this.#session = session;
    this.#spec = spec;
    this.#device = device;
  }

  /** Feeds tokens behind those in the cache. */
  async feed(cache: KvCache, ids: readonly number[]): Promise<void> {
    await this.#run(cache, ids, false);
  }

  /** Feeds tokens and gives the logits for the token that follows them, one number for each id. */
  async predict(cache: KvCache, ids: readonly number[]): Promise<Float32Array> {
    const outputs = await this.#run(cache, ids, true);
    const logits = outputs.logits;
    if (!logits) throw new Error("The run gave no logits.");
    try {
      return await this.#lastRow(logits);
    } finally {
      if (logits.location === "gpu-buffer") logits.dispose();
    }
  }

  async release(): Promise<void> {
    this.#readback?.destroy();
    await this.#session.release();
  }

  async #run(cache: KvCache, ids: readonly number[], logits: boolean): Promise<InferenceSession.OnnxValueMapType> {
    const past = cache.length;
    const total = past + ids.length;
    await cache.reserve(total);
    const feeds: Record<string, Tensor> = {
      ...cache.feeds(),
      input_ids: this.#integers(this.#spec.ids, ids, [1, ids.length]),
    };
    if (this.#spec.mask) feeds.attention_mask = this.#ones(this.#spec.mask, total);
    if (this.#spec.positions) {
      const positions = ids.map((_, index) => past + index);
      feeds.position_ids = this.#integers(this.#spec.positions, positions, [1, ids.length]);
    }
    const keep = this.#spec.logitsToKeep;
    if (keep) feeds[keep.name] = this.#integers(keep.type, [1], keep.rank === 0 ? [] : [1]);
    const fetches = { ...cache.fetches(), ...(logits ? { logits: null } : {}) };
    const outputs = await this.#session.run(feeds, fetches);
    cache.advance(outputs, ids.length);
    return outputs;
  }

  async #lastRow(logits: Tensor): Promise<Float32Array> {
    const vocabulary = logits.dims.at(-1) ?? 0;
    const rowBytes = vocabulary * bytesOf(this.#spec.logits.type);
    const start = Math.max(0, logits.size / vocabulary - 1) * rowBytes;
    const bytes =
      logits.location === "gpu-buffer"
        ? await this.#readBack(logits.gpuBuffer, start, rowBytes)
        : cpuBytes(logits, start, rowBytes);
    return this.#spec.logits.type === "float16" ? halvesToFloats(bytes) : new Float32Array(bytes.slice().buffer);
  }

  /** Copies a slice of a GPU buffer to the CPU: only one row of a prompt's logits is ever needed. */
  async #readBack(buffer: GPUBuffer, start: number, length: number): Promise<Uint8Array> {
    const device = this.#device;
    if (!device) throw new Error("There is no GPU device to read from.");
    const alignedStart = Math.floor(start / 4) * 4;
    const size = Math.ceil((start + length - alignedStart) / 4) * 4;
    if (!this.#readback || this.#readback.size < size) {
      this.#readback?.destroy();
      this.#readback = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    }
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, alignedStart, this.#readback, 0, size);
    device.queue.submit([encoder.finish()]);
    await this.#readback.mapAsync(GPUMapMode.READ, 0, size);
    const bytes = new Uint8Array(this.#readback.getMappedRange(0, size)).slice(
      start - alignedStart,
      start - alignedStart + length,
    );
    this.#readback.unmap();
    return bytes;
  }

  #ones(type: IntegerType, count: number): Tensor {
    return type === "int64"
      ? new this.#ort.Tensor("int64", new BigInt64Array(count).fill(1n), [1, count])
      : new this.#ort.Tensor("int32", new Int32Array(count).fill(1), [1, count]);
  }

  #integers(type: IntegerType, values: readonly number[], dims: readonly number[]): Tensor {
    return type === "int64"
      ? new this.#ort.Tensor("int64", BigInt64Array.from(values, BigInt), dims)
      : new this.#ort.Tensor("int32", Int32Array.from(values), dims);
  }
}

function cpuBytes(tensor: Tensor, start: number, length: number): Uint8Array {
  const data = tensor.data as Float32Array;
  return new Uint8Array(data.buffer, data.byteOffset + start, length);
}
