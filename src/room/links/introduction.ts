/** Gets to know the node at the other end of a fresh line: handshake, epoch, and the first frames of a link. */
import { type Did, MicrogridError } from "../../core";
import { type AuthenticatedLine, Link, type RawLink } from "../../wire";
import { BULK_FRAMES } from "../frames/bulk";
import { FrameReader } from "../frames/frame-reader";
import { STAGE_FRAMES } from "../frames/stage";
import type { Membership, Standing } from "../membership";
import { reconcile } from "../membership/reconcile";
import { ROOM_FRAMES, type RoomFrameBody, type RoomLink } from "../protocol";
import { dismiss } from "./dismiss";
import type { Member } from "./member";
import type { MemberHandshake } from "./member-handshake";

/** In case the room goes on meanwhile; a peer that is always in another epoch is not worth more. */
const MAX_RECONCILIATIONS = 2;

/** A node that has proved that it is a member, and its link. */
export type ProvenMember = Pick<
  Member,
  "did" | "session" | "link" | "stage" | "bulk" | "proof" | "standing" | "charter"
>;

interface Met {
  readonly did: Did;
  /** Undefined for guests, and over a line that only exchanges addresses. */
  readonly member?: ProvenMember;
  /** Whether the rules have changed since the two began to meet, so that the member was judged by earlier ones. */
  rulesHaveChanged(): boolean;
}

interface IntroductionOptions {
  readonly membership: Membership;
  readonly handshake: MemberHandshake;
  /** Random, new at every start of this node. */
  readonly session: string;
  /** Receives guests. */
  welcome(line: AuthenticatedLine): void;
  /** Where this node and those that it knows can be reached. */
  membersFrame(): RoomFrameBody<"members">;
  /** Takes what the other node says about that. */
  learn(frame: RoomFrameBody<"members">, link: RoomLink, standing: Standing): void;
}

/** Introduces this node to others, in one membership. */
export class Introduction {
  readonly #options: IntroductionOptions;

  constructor(options: IntroductionOptions) {
    this.#options = options;
  }

  /** Undefined where the epochs do not meet. Throws what handshakes, `reconcile` and `examine` throw; the line is closed then. */
  async run(raw: RawLink, bootstrap: boolean): Promise<Met | undefined> {
    const { membership, welcome } = this.#options;
    let current = raw;
    for (let reconciled = 0; reconciled <= MAX_RECONCILIATIONS; reconciled++) {
      const { epochs, charter } = membership;
      const rulesHaveChanged = (): boolean => membership.epochs !== epochs || membership.charter !== charter;
      const line = await this.#options.handshake.run(current);
      const { did, token, epoch } = line.peer;
      if (token) {
        welcome(line);
        return { did, rulesHaveChanged };
      }
      if (epoch === membership.epochs.head.n && line.back === 0) {
        const member = await this.#greet(line, bootstrap);
        return { did, rulesHaveChanged, ...(member && { member }) };
      }
      if (reconciled < MAX_RECONCILIATIONS) current = await this.#reconcile(line);
      else line.writer.close("the epochs do not meet");
    }
    current.close("the epochs do not meet");
    return undefined;
  }

  async #reconcile(line: AuthenticatedLine): Promise<RawLink> {
    return reconcile(line, this.#options.membership).catch((error: unknown) => {
      // Somebody who knows an old secret can come at any time, and must not cost as much again at once.
      const isLost = error instanceof MicrogridError && error.code === "peer-lost";
      if (!isLost) this.#options.handshake.shun(line.peer.did);
      throw error;
    });
  }

  /** Exchanges the first frames as members of one epoch. Undefined where no more than these was wanted. */
  async #greet(line: AuthenticatedLine, bootstrap: boolean): Promise<ProvenMember | undefined> {
    const { membership, session, membersFrame, learn } = this.#options;
    const link = new Link(line, ROOM_FRAMES);
    const stage = link.lane("stage", STAGE_FRAMES);
    const bulk = link.lane("bulk", BULK_FRAMES);
    const reader = new FrameReader(link);
    const { version, hash } = membership.charter;
    link.post("hello", { session, bootstrap, proof: membership.proof, charter: { version, hash } });
    link.post("members", membersFrame());
    const { body: hello } = await reader.take(["hello"]);
    const { proof, charter } = hello;
    const standing = await membership.examine(link.did, proof).catch((error: unknown) => {
      dismiss(link, membership, error);
      throw error;
    });
    if (!bootstrap && !hello.bootstrap) {
      return { did: link.did, session: hello.session, link, stage, bulk, proof, standing, charter };
    }
    learn((await reader.take(["members"])).body, link, standing);
    // The dialling side has the addresses that it came for. The other side waits a moment for it to leave.
    if (link.offerer) link.close("introduced");
    else reader.closeSoon("introduced");
    return undefined;
  }
}
