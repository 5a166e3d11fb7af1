/** Decides how much of a device's memory parts of models may take. */
import type { DeviceInfo } from "../../inference";
import { LARGEST_WASM_BYTES } from "../../models";

/** Assumed memory for browsers that do not report it. Others report at most 8 GiB. */
const ASSUMED_MEMORY_BYTES = 4 * 2 ** 30;
/** Share of a device's memory that parts of models may take: the user's own models, and other programs, need some too. */
const SHARE_OF_MEMORY = 0.5;

/** Bytes that a device can give for layers by default; its user may choose otherwise. */
export function spareBytes({ memoryBytes = ASSUMED_MEMORY_BYTES, webgpu }: DeviceInfo): number {
  const spare = memoryBytes * SHARE_OF_MEMORY;
  // On the CPU all of it lies in WebAssembly's memory, with the user's own models.
  return Math.round(webgpu && !webgpu.software ? spare : Math.min(spare, LARGEST_WASM_BYTES / 2));
}
