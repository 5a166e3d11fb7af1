/** Whether a model fits this device, and if not, why. */
import type { DeviceInfo } from "../inference";
import type { ModelEntry } from "./entry";
import type { ModelInfo } from "./types";

/** Judges an entry; sizes that are unknown count as fitting. */
export function fitOf(
  _entry: ModelEntry,
  _memoryBytes: number | undefined,
  _largestFileBytes: number | undefined,
  _device: DeviceInfo,
): ModelInfo["fit"] {
  return { fits: true };
}
