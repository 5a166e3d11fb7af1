/** Estimates how much memory this device and its room have for a model, without asking anybody. */
import { LARGEST_WASM_BYTES } from "../../core";
import type { DeviceInfo } from "../../inference";
import type { GridState, ModelInfo, PeerState } from "../types";

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

/** The memory that this device and its helpers have for a model. Sizes before planning are estimates. */
export interface RoomCapacity {
  /** Peers that give memory for layers. */
  readonly helpers: readonly PeerState[];
  /** Memory of all of them and of this device, in bytes. */
  readonly offeredBytes: number;
  /** Memory that the model needs beyond that, in bytes. If it is 0, the model can be tried. */
  readonly missingBytes: number;
}

/** Undefined outside of rooms, for models of unknown size, and for models that only run whole. */
export function roomCapacity({ room, device }: GridState, model: ModelInfo): RoomCapacity | undefined {
  const { charter, membership, peers = [] } = room ?? {};
  const splits = model.engine === "onnx" && model.purpose !== "embedding";
  if (membership?.kind !== "member" || !splits || model.memoryBytes === undefined) return undefined;
  if (charter && charter.models !== "any" && !charter.models.includes(model.id)) return undefined;
  const helpers = peers.filter(({ layersBytes }) => layersBytes > 0);
  const offeredBytes = helpers.reduce((sum, { layersBytes }) => sum + layersBytes, spareBytes(device));
  return { helpers, offeredBytes, missingBytes: Math.max(0, model.memoryBytes - offeredBytes) };
}

/** Parts of models that stay on the disk, for each byte of memory that is given to layers of others. */
const DISK_SHARE = 4;

/** The disk that parts of models may take while this much memory is given to layers of others, in bytes. */
export function diskBytes(givenBytes: number): number {
  return DISK_SHARE * givenBytes;
}
