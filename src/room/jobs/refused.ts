/** The error that a consumer gets if a peer does not take its job. */
import { MicrogridError } from "../../core";
import type { CharterRule } from "../membership";
import type { RefusalReason, RoomFrameBody } from "../protocol";

export type PeerLoad = RoomFrameBody<"heartbeat">["load"];

const SENTENCES: Readonly<Record<RefusalReason, string>> = {
  busy: "it has enough to do",
  "unknown-model": "it no longer has this model ready",
  charter: "the room's rules do not allow it",
  policy: "it does not share this with the room",
  "too-large": "the request is too large for it",
  draining: "it is about to leave",
};

/** How each rule of a charter is explained to the user whose request it forbids. */
const RULES: Readonly<Record<CharterRule, string>> = {
  models: "it allows other models only",
  jobsAtOnce: "it allows each member fewer answers at the same time",
  tokensPerAnswer: "it allows shorter answers only",
  answersPerHour: "it allows each member fewer answers in an hour",
  contribution: "it expects members to share their own devices too",
};

/** A peer said no; `load` is what it told about itself, fresher than its last heartbeat. */
export class JobRefusedError extends MicrogridError {
  readonly reason: RefusalReason;
  readonly load: PeerLoad;
  /** The rule of the charter that the request would break. */
  readonly rule: CharterRule | undefined;

  constructor(reason: RefusalReason, load: PeerLoad, rule?: CharterRule) {
    const why = rule ? `the room's rules do not allow it (${rule}): ${RULES[rule]}` : SENTENCES[reason];
    super("peer-refused", `The other device did not take the request: ${why}.`);
    this.reason = reason;
    this.rule = rule;
    this.load = load;
  }
}
