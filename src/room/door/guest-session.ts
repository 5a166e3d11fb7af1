/** The guest's side of the door: sees the charter, asks to come in, and becomes a member. */
import { type Did, MicrogridError } from "../../core";
import type { Revocations, Signed, Signer } from "../../identity";
import { type FrameOf, Link, type RawLink, authenticate } from "../../wire";
import { HEAD_FRESH_MS, KNOCK_TIMEOUT_MS } from "../constants";
import { FrameReader } from "../frames/frame-reader";
import type { Invite } from "../invite/invite";
import {
  type Charter,
  type MembershipParts,
  type OpenedToken,
  type Standing,
  type FoundersHead,
  type Removals,
  beginMembership,
  examine,
  houseOf,
  isAbout,
  openCharter,
  openHead,
  openRecords,
  outranks,
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
export interface Welcome extends ShownRoom {
  readonly inside: readonly (Omit<InsideFrame, "delegation"> & { readonly house: Standing["house"] })[];
}

/** The part of it that the founders have signed. */
interface ShownRoom {
  readonly genesis: Awaited<ReturnType<typeof readGenesis>>;
  readonly charter: Charter;
  readonly removals: Removals;
  readonly head: FoundersHead | undefined;
  /** When the founders last said that the room is as it is shown; undefined if they never did. */
  readonly heardAt: number | undefined;
  /** Whether that was lately, so that no second member has to be asked. */
  readonly isConfirmed: boolean;
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
  /** The epoch that the member at the door is in; undefined on the member's own side. */
  readonly epoch: Removals["head"] | undefined;

  constructor(reason: string, askInstead: string | undefined, epoch?: Removals["head"]) {
    super("peer-refused", reason);
    this.askInstead = askInstead;
    this.epoch = epoch;
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
   * Goes to the door at the other end of a fresh line, and tells nothing of this device before the other side has proved
   * that it is a member. Throws `RefusedAtDoor`, `handshake-failed`, `peer-protocol` or `peer-lost`, and has then closed
   * the line.
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
      const room = await shownRoom((await reader.take(["guest.member"])).body, link.did, credentials);
      // A refusal counts, now that it is a member's.
      const { body, kind } = await reader.take(["guest.welcome", "guest.refused"]);
      if (kind === "guest.refused") throw new RefusedAtDoor(body.reason, body.askInstead, room.removals.head);
      const inside = await Promise.all(
        body.inside.map(async ({ delegation, ...member }) => ({
          ...member,
          house: await houseOf(member.did, delegation, { revocations }, "member"),
        })),
      );
      return new GuestSession(link, reader, credentials, { ...room, inside });
    } catch (error) {
      link.close("the guest goes away");
      throw error;
    }
  }

  /** The member at the door. */
  get did(): Did {
    return this.#link.did;
  }

  /** Whether a member has to say yes to each guest. */
  get asksMembers(): boolean {
    return this.welcome.charter.terms.admission.kind === "approval";
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
      const kinds = [
        "guest.admitted",
        "guest.refused",
        ...(this.asksMembers ? (["guest.waiting"] as const) : []),
      ] as const;
      let frame = await this.#reader.take(kinds);
      if (frame.kind === "guest.waiting") {
        onWaiting();
        frame = await this.#reader.take(["guest.admitted", "guest.refused"], KNOCK_TIMEOUT_MS);
      }
      if (frame.kind === "guest.refused") throw new RefusedAtDoor(frame.body.reason, frame.body.askInstead);
      if (frame.kind !== "guest.admitted") throw new MicrogridError("peer-protocol", "A device answered twice.");
      const { epochs, proof, revocations } = frame.body;
      const { genesis, charter, head, removals } = this.welcome;
      const parts = await beginMembership({
        genesis: genesis.record,
        charter: charter.signed,
        epochs,
        proof,
        head,
      });
      if (outranks(removals.head, parts.epochs.head)) throw outdated();
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

/**
 * The room that a device at the door shows, once the device has proved that it is a member there; with the handshake, whose
 * signature is over this very connection, that cannot be somebody else's proof. Throws `peer-protocol` otherwise.
 */
async function shownRoom(
  shown: Extract<FrameOf<typeof DOOR_FRAMES>, { kind: "guest.member" }>["body"],
  did: Did,
  { invite, revocations }: GuestCredentials,
): Promise<ShownRoom> {
  const genesis = await readGenesis(shown.genesis);
  if (genesis.roomId !== invite.roomId) throw new MicrogridError("peer-protocol", "A device showed another room.");
  const charter = await openCharter(shown.charter, genesis);
  const removals = await openRecords(shown.epochs, genesis);
  const rules = { genesis, terms: charter.terms, epochs: removals, revocations };
  const isMember = charter.complete && (await examine(did, shown.proof, rules).catch(() => undefined));
  if (!isMember) throw new MicrogridError("peer-protocol", "A device at the room's door is not a member of the room.");
  const head = shown.head && (await openHead(shown.head, rules));
  if (head && outranks(head, removals.head)) throw outdated();
  const isNow = head && isAbout(head, removals.head) ? head : undefined;
  const times = [isNow?.at, removals.at].filter((at) => at !== undefined);
  const heardAt = times.length > 0 ? Math.min(Math.max(...times), Date.now()) : undefined;
  const isConfirmed = heardAt !== undefined && Date.now() - heardAt <= HEAD_FRESH_MS;
  return { genesis, charter, removals, head: isNow, heardAt, isConfirmed };
}

function outdated(): MicrogridError {
  const text = "A device at the room's door shows the room as it was before somebody was removed.";
  return new MicrogridError("peer-protocol", text);
}
