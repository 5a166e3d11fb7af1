/** GPU buffers that hold the keys or values of one layer. */
import type { Tensor } from "onnxruntime-web";
import { floatBytes } from "./floats";
import type { CacheSlot } from "./graph-spec";
import type { Ort } from "./runtime";

/** Which tokens go from which buffer to which. */
interface RowCopy {
  readonly from: GPUBuffer;
  readonly fromTokens: number;
  readonly to: GPUBuffer;
  readonly toTokens: number;
  /** Tokens to copy of each head. */
  readonly tokens: number;
}

/** Copies the first tokens of every head between buffers of different capacity. */
export function copyRows(encoder: GPUCommandEncoder, slot: CacheSlot, copy: RowCopy): void {
  const row = slot.headDim * floatBytes(slot.type);
  for (let head = 0; head < slot.heads; head++) {
    const [from, to] = [head * copy.fromTokens * row, head * copy.toTokens * row];
    encoder.copyBufferToBuffer(copy.from, from, copy.to, to, copy.tokens * row);
  }
}

/** A buffer with room for `tokens`. */
export function createCacheBuffer(device: GPUDevice, slot: CacheSlot, tokens: number): GPUBuffer {
  // ONNX Runtime binds sizes in steps of 16 bytes.
  const size = Math.ceil((slot.heads * tokens * slot.headDim * floatBytes(slot.type)) / 16) * 16;
  return device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
}

/** The buffer as ONNX Runtime takes it; disposing the tensor frees the buffer. */
export function bufferTensor(ort: Ort, slot: CacheSlot, buffer: GPUBuffer, tokens: number): Tensor {
  const dims = [1, slot.heads, tokens, slot.headDim];
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: slot.type, dims, dispose: () => buffer.destroy() });
}
