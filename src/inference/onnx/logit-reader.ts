/** Reads logits after a run: where they lie on a GPU, no more of them comes back than the choice of a token needs. */
import type { Tensor } from "onnxruntime-web";
import { type FloatType, floatBytes, readFloats } from "./floats";
import { GpuCandidates, holdsLikeliest } from "./gpu-candidates";

/** Reads the logits of one graph. */
export class LogitReader {
  readonly #type: FloatType;
  readonly #device: GPUDevice | undefined;
  /** Undefined if all logits have to be read. */
  #selection: GpuCandidates | undefined;
  #isTried = false;
  #readback: GPUBuffer | undefined;

  /** `device` is ONNX Runtime's GPU device on `webgpu`, undefined on `wasm`. */
  constructor(type: FloatType, device: GPUDevice | undefined) {
    this.#type = type;
    this.#device = device;
    this.#selection = device && new GpuCandidates(device);
  }

  /**
   * The logits of the last `count` tokens. With `candidates`, those of all but this number of likeliest tokens may be −∞. A tensor
   * on the GPU is freed.
   */
  async last(logits: Tensor | undefined, count: number, candidates?: number): Promise<Float32Array[]> {
    if (!logits) throw new Error("The run gave no logits.");
    const vocabulary = logits.dims.at(-1) ?? 0;
    const all = logits.size / vocabulary;
    const rows = Math.min(count, all);
    const first = (all - rows) * vocabulary;
    if (logits.location !== "gpu-buffer") return this.#split(tensorBytes(logits), first, rows, vocabulary);
    try {
      const place = { buffer: logits.gpuBuffer, type: this.#type, first, rows, vocabulary };
      const selected = candidates === undefined ? undefined : await this.#selection?.select(place, candidates);
      if (selected && this.#isTried) return selected;
      const start = first * floatBytes(this.#type);
      const read = await this.#readBack(logits.gpuBuffer, start, rows * vocabulary * floatBytes(this.#type));
      const whole = this.#split(read, 0, rows, vocabulary);
      // A kernel may be wrong on some GPU, so its first results are compared.
      if (selected) this.#try(selected, whole, candidates!);
      return whole;
    } finally {
      logits.dispose();
    }
  }

  release(): void {
    this.#readback?.destroy();
    this.#selection?.release();
  }

  #try(selected: readonly Float32Array[], whole: readonly Float32Array[], candidates: number): void {
    this.#isTried = true;
    if (selected.every((row, index) => holdsLikeliest(row, whole[index]!, candidates))) return;
    this.#selection?.release();
    this.#selection = undefined;
  }

  #split(bytes: Uint8Array, first: number, rows: number, vocabulary: number): Float32Array[] {
    const size = floatBytes(this.#type);
    return Array.from({ length: rows }, (_, row) => {
      const start = (first + row * vocabulary) * size;
      return readFloats(this.#type, bytes.subarray(start, start + vocabulary * size));
    });
  }

  /** Copies a slice of a GPU buffer to the CPU: only the last rows of a prompt's logits are ever needed. */
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
}

/** The bytes of a tensor on the CPU. */
export function tensorBytes(tensor: Tensor): Uint8Array<ArrayBuffer> {
  const data = tensor.data as Float32Array<ArrayBuffer>;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
