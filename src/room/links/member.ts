/** A linked member of the room. */
import type { Did, PeerId } from "../../core";
import type { RawFrame, Interest } from "../../wire";
import type { Proof, Standing } from "../membership";
import type { RoomFrame, RoomFrameBody, RoomLink } from "../protocol";
import type { StageLane } from "../frames/stage";
import type { BulkLane } from "../frames/bulk";

/** Another node of the room, while it is linked to this one. */
export interface Member {
  readonly did: Did;
  /** New at every start of that node. */
  readonly session: string;
  readonly link: RoomLink;
  /** Carries the frames of pipelines. */
  readonly stage: StageLane;
  /** Carries weights. */
  readonly bulk: BulkLane;
  proof: Proof;
  /** The standing that its proof shows; examined again when the rules change. */
  standing: Standing;
  /** The charter that it had when the link came up. */
  readonly charter: RoomFrameBody<"hello">["charter"];
  /** Where it can be dialled; undefined while it is offline at signaling. */
  address: PeerId | undefined;
  /** The slot that it holds, if any. */
  slot: number | undefined;
  /** When the link came up, ms of `performance.now()`. */
  readonly since: number;
  /** Gets the control frames that come over this link. */
  onFrame: (frame: RoomFrame) => void;
  /** Whether such a frame, still encoded, is worth decoding. */
  wants: (frame: RawFrame) => Interest;
}
