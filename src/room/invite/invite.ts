/** The content of an invite. */
import type { Bytes, RoomId } from "../../core";
import type { Signed } from "../../identity";

/** The data that a node needs to find a room and ask to come in. Keep it secret: anybody who has it can do the same. */
export interface Invite {
  readonly roomId: RoomId;
  /** The room's name, shortened if it was too long for the link. */
  readonly name: string;
  /** The secret that finds the room at a signaling server. */
  readonly rendezvousSecret: Bytes;
  /** The right to ask, and the secret that proves it. */
  readonly token: { readonly signed: Signed; readonly secret: Bytes };
  /** URLs of the room's signaling servers; they override the user's settings. */
  readonly servers: readonly string[];
}
