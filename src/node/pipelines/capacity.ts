/** Estimates whether the room could run a model, without asking anybody. */
import type { GridState, ModelInfo, PeerState } from "../types";
import { spareBytes } from "./memory";

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
  if (membership?.kind !== "member" || model.engine !== "onnx" || model.memoryBytes === undefined) return undefined;
  if (charter && charter.models !== "any" && !charter.models.includes(model.id)) return undefined;
  const helpers = peers.filter(({ layersBytes }) => layersBytes > 0);
  const offeredBytes = helpers.reduce((sum, { layersBytes }) => sum + layersBytes, spareBytes(device));
  return { helpers, offeredBytes, missingBytes: Math.max(0, model.memoryBytes - offeredBytes) };
}
