/** What a consumer learns when a job is not taken. */
import { MicrogridError } from "../../core";
import type { RefusalReason, RoomFrameBody } from "../protocol";

export type PeerLoad = RoomFrameBody<"heartbeat">["load"];

const SENTENCES: Readonly<Record<RefusalReason, string>> = {
  busy: "it has enough to do",
  "unknown-model": "it no longer has this model ready",
  charter: "the room's charter does not allow it",
  policy: "it does not share this with the room",
  "too-large": "the request is too large for it",
  draining: "it is about to leave",
};

/** A peer said no; `load` is what it told about itself, fresher than its last heartbeat. */
export class JobRefusedError extends MicrogridError {
  readonly reason: RefusalReason;
  readonly load: PeerLoad;

  constructor(reason: RefusalReason, load: PeerLoad) {
    super("peer-refused", `The other device did not take the request: ${SENTENCES[reason]}.`);
    this.reason = reason;
    this.load = load;
  }
}
