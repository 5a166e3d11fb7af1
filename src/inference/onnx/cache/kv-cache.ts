/** The memory of one sequence, on the CPU or the GPU: keys and values, and state of fixed size. */
import type { Tensor } from "onnxruntime-web";
import type { FloatType } from "../floats";
import type { CacheSlot } from "../graph-spec";
import type { Ort } from "../runtime";
import type { Sequence } from "../sequence";

/** Keys, values and other state of the tokens seen so far. Only ever touched in a turn of the run queue. */
export interface KvCache extends Sequence {
  /** Moves it out of tensors that it shares with others, so that it can be fed by itself. */
  separate(): Promise<void>;
  /** The state before the run, to feed. */
  feeds(): Record<string, Tensor>;
  /** Where each present goes: a buffer, or null for a new one. */
  fetches(): Record<string, Tensor | null>;
  /** Takes the presents of a run that added `count` tokens. */
  advance(outputs: Readonly<Record<string, Tensor>>, count: number): void;
}

/** Makes empty caches for one model. */
export type KvCacheFactory<C extends KvCache = KvCache> = () => C;

/** A past of no tokens. There is no GPU buffer of size zero, so it is on the CPU everywhere. */
export function emptyTensor(ort: Ort, slot: CacheSlot): Tensor {
  return floatTensor(ort, slot.type, new ArrayBuffer(0), [1, slot.heads, 0, slot.headDim]);
}

/** A tensor of 32- or 16-bit floats over their bytes. */
export function floatTensor(ort: Ort, type: FloatType, bytes: ArrayBuffer, dims: readonly number[]): Tensor {
  if (type === "float32") return new ort.Tensor(type, new Float32Array(bytes), dims);
  // Browsers that have Float16Array insist on it, others on the bits as Uint16Array.
  const half = (globalThis as unknown as { Float16Array?: Uint16ArrayConstructor }).Float16Array ?? Uint16Array;
  return new ort.Tensor(type, new half(bytes), dims);
}
