/** The guest's side of the door: sees the charter, asks to come in, and becomes a member. */
import { type Did, MicrogridError } from "../../core";
import type { Revocations, Signed, Signer } from "../../identity";
import { Link, type RawLink, authenticate } from "../../wire";
import { KNOCK_TIMEOUT_MS } from "../constants";
import { FrameReader } from "../frames/frame-reader";
import type { Invite } from "../invite/invite";
import {
  type Charter,
  type MembershipParts,
  type OpenedToken,
  type Standing,
  beginMembership,
  examine,
  houseOf,
  openCharter,
  readGenesis,
} from "../membership";
import { DOOR_FRAMES, type GuestLink, type InsideFrame } from "./protocol";

/** The credentials that a guest brings. */
export interface GuestCredentials {
  readonly signer: Signer;
  readonly agent: string;
  readonly invite: Invite;
  /** The invite's token, read. */
  readonly token: OpenedToken;
  /** The revocations that this node knows. */
  readonly revocations: Revocations;
}

/** A room as a guest sees it. The charter is its founders' word; who is inside is the word of the member at the door. */
export interface Welcome {
  readonly genesis: Awaited<ReturnType<typeof readGenesis>>;
  readonly charter: Charter;
  readonly inside: readonly (Omit<InsideFrame, "delegation"> & { readonly house: Standing["house"] })[];
}

/** The door is open. */
export interface Admitted {
  readonly parts: MembershipParts;
  /** The revocations that the member knows. */
  readonly revocations: readonly Signed[];
  /** Gives the line, on which the handshake as a member must begin at once. */
  enter(): RawLink;
}

/** The door sent the guest away. */
export class RefusedAtDoor extends MicrogridError {
  /** Where the only member can be dialled who may redeem the invite, if it is there. */
  readonly askInstead: string | undefined;

  constructor(reason: string, askInstead: string | undefined) {
    super("peer-refused", reason);
    this.askInstead = askInstead;
  }
}

/** A guest at the door of one member. */
export class GuestSession {
  readonly welcome: Welcome;
  readonly #link: GuestLink;
  readonly #reader: FrameReader<typeof DOOR_FRAMES>;
  readonly #credentials: GuestCredentials;

  private constructor(
    link: GuestLink,
    reader: FrameReader<typeof DOOR_FRAMES>,
    credentials: GuestCredentials,
    welcome: Welcome,
  ) {
    this.#link = link;
    this.#reader = reader;
    this.#credentials = credentials;
    this.welcome = welcome;
  }

  /**
   * Goes to the door at the other end of a fresh line. Throws `RefusedAtDoor`, `handshake-failed`, `peer-protocol` or
   * `peer-lost`, and has then closed the line.
   */
  static async begin(raw: RawLink, credentials: GuestCredentials): Promise<GuestSession> {
    const { signer, agent, invite, token, revocations } = credentials;
    const { epoch } = token.token;
    const line = await authenticate(raw, {
      signer,
      agent,
      roomId: invite.roomId,
      claim: { kind: "guest", token: token.hash, epoch, secret: invite.token.secret },
    });
    const link = new Link(line, DOOR_FRAMES);
    try {
      const reader = new FrameReader(link);
      link.post("guest.hello", { token: invite.token.signed });
      const { body, kind } = await reader.take(["guest.welcome", "guest.refused"]);
      if (kind === "guest.refused") throw new RefusedAtDoor(body.reason, body.askInstead);
      const genesis = await readGenesis(body.genesis);
      const charter = await openCharter(body.charter, genesis);
      if (genesis.roomId !== invite.roomId || !charter.complete) {
        throw new MicrogridError("peer-protocol", "A device showed the charter of another room.");
      }
      const inside = await Promise.all(
        body.inside.map(async ({ delegation, ...member }) => ({
          ...member,
          house: await houseOf(member.did, delegation, { revocations }, "member"),
        })),
      );
      return new GuestSession(link, reader, credentials, { genesis, charter, inside });
    } catch (error) {
      link.close("the guest goes away");
      throw error;
    }
  }

  /** The member at the door. */
  get did(): Did {
    return this.#link.did;
  }

  /** Resolves when the visit is over, however. */
  get closed(): Promise<string> {
    return this.#link.closed;
  }

  /**
   * Asks to come in under the charter that was shown; `onWaiting` is called when a member has to be asked. Throws
   * `RefusedAtDoor`, `peer-protocol` or `peer-lost`.
   */
  async knock(
    about: { readonly name: string; readonly device: string; readonly delegation: Signed | undefined },
    onWaiting: () => void,
  ): Promise<Admitted> {
    const { delegation, ...rest } = about;
    try {
      this.#link.post("guest.knock", { ...rest, ...(delegation && { delegation }) });
      let frame = await this.#reader.take(["guest.admitted", "guest.refused", "guest.waiting"]);
      if (frame.kind === "guest.waiting") {
        onWaiting();
        frame = await this.#reader.take(["guest.admitted", "guest.refused"], KNOCK_TIMEOUT_MS);
      }
      if (frame.kind === "guest.refused") throw new RefusedAtDoor(frame.body.reason, frame.body.askInstead);
      if (frame.kind !== "guest.admitted") throw new MicrogridError("peer-protocol", "A device answered twice.");
      const { epochs, proof, revocations } = frame.body;
      const { genesis, charter } = this.welcome;
      const parts = await beginMembership({
        genesis: genesis.record,
        charter: charter.signed,
        epochs,
        proof,
      });
      await this.#check(parts);
      return {
        parts,
        revocations,
        enter: () => {
          this.#link.post("guest.ready", {});
          return this.#link.release();
        },
      };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#link.close("the guest goes away");
  }

  /** The other side must be a member itself, since others could know the invite. Then this node must be one, too. */
  async #check({ proof, ...parts }: MembershipParts): Promise<void> {
    const { revocations, signer } = this.#credentials;
    const rules = { ...parts, revocations, terms: parts.charter.terms };
    await examine(this.#link.did, proof.slice(1), rules);
    await examine(signer.did, proof, rules);
  }
}
