/** Where the state of sequences lies: in arrays for the CPU, in buffers of a GPU. */
import type { Tensor } from "onnxruntime-web";
import { floatBytes, type FloatType } from "../floats";
import { withinGpuMemory } from "../gpu-device";
import { numbersIn } from "../graph-spec";
import type { Ort } from "../runtime";
import { floatTensor } from "./kv-cache";

/** Bytes to copy from one tensor to another. Places and lengths are multiples of 4. */
export interface ByteRun {
  readonly from: Tensor;
  readonly fromByte: number;
  readonly to: Tensor;
  readonly toByte: number;
  readonly bytes: number;
}

/** Makes tensors for state and copies between them. */
export interface CacheMemory {
  /** Makes tensors of zeros. Rejects with `out-of-memory` if there is no room for all of them; none is left then. */
  create(wanted: readonly { readonly type: FloatType; readonly dims: readonly number[] }[]): Promise<readonly Tensor[]>;
  copy(runs: readonly ByteRun[]): void;
  /** Waits until the memory of tensors that were copied and then disposed of is free. */
  settle(): Promise<void>;
}

/**
 * Arrays for `wasm`. ONNX Runtime Web copies inputs into the WASM heap and outputs out of it and has no way to bind memory
 * of the heap.
 */
export function arrayMemory(ort: Ort): CacheMemory {
  return {
    create: (wanted) =>
      Promise.resolve(
        wanted.map(({ type, dims }) =>
          floatTensor(ort, type, new ArrayBuffer(numbersIn(dims) * floatBytes(type)), dims),
        ),
      ),
    copy: (runs) => {
      for (const { from, fromByte, to, toByte, bytes } of runs) {
        bytesOf(to).set(bytesOf(from).subarray(fromByte, fromByte + bytes), toByte);
      }
    },
    settle: () => Promise.resolve(),
  };
}

/** Buffers for `webgpu`. */
export function gpuMemory(ort: Ort, device: GPUDevice): CacheMemory {
  return {
    create: async (wanted) => {
      const made: Tensor[] = [];
      try {
        await withinGpuMemory(device, () => {
          for (const { type, dims } of wanted) made.push(bufferTensor(ort, device, type, dims));
        });
      } catch (error) {
        for (const tensor of made) tensor.dispose();
        throw error;
      }
      return made;
    },
    copy: (runs) => {
      const encoder = device.createCommandEncoder();
      for (const { from, fromByte, to, toByte, bytes } of runs) {
        encoder.copyBufferToBuffer(from.gpuBuffer, fromByte, to.gpuBuffer, toByte, bytes);
      }
      device.queue.submit([encoder.finish()]);
    },
    settle: () => device.queue.onSubmittedWorkDone(),
  };
}

/** A tensor in a buffer of its own; disposing the tensor frees the buffer. */
function bufferTensor(ort: Ort, device: GPUDevice, type: FloatType, dims: readonly number[]): Tensor {
  // ONNX Runtime binds sizes in steps of 16 bytes.
  const size = Math.ceil((numbersIn(dims) * floatBytes(type)) / 16) * 16;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size, usage });
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims, dispose: () => buffer.destroy() });
}

function bytesOf(tensor: Tensor): Uint8Array {
  const data = tensor.data as Float32Array;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
