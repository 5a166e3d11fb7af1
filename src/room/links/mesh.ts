/** The links of a room: who is connected to this node, kept to one link for each did. */
import { type Did, type PeerId, TypedEventTarget } from "../../core";
import type { AuthenticatedLine, RawLink } from "../../wire";
import { Dialler, type DialTarget } from "./dialler";
import { dismiss } from "./dismiss";
import { Introduction, type ProvenMember } from "./introduction";
import { type Membership, type Standing, givingWay } from "../membership";
import { MAX_LINKS } from "../constants";
import { type HandDialer, Relay } from "./relay";
import type { Member } from "./member";
import { MemberHandshake } from "./member-handshake";
import type { ReceivedBody, RoomFrameBody, RoomLink } from "../protocol";
import { ANOTHER_LINK, ROOM_FULL, TOO_MANY_LINKS } from "./reasons";
import { SpareLinks } from "./spare-links";

/** A line that begins at most this long after a link of the same did is up comes from both sides dialling at once. */
const GLARE_MS = 10_000;
/** Waits before a lost member is dialled again. */
const REDIAL_MS = [300, 2_000, 8_000] as const;

/** Nobody reads the frames of a member yet. */
const UNREAD: Pick<Member, "onFrame" | "wants"> = { onFrame: () => undefined, wants: () => true };

interface MeshEvents {
  /** A member is linked, or a better link to it has come. */
  joined: Member;
  /** A second link of a member, which may have used it already: what comes over it counts, and nothing is begun over it. */
  spare: Member;
  /** A link has ended, be it a spare one. */
  left: { readonly member: Member; readonly reason: string };
  /** A line was refused; the reason is for people. */
  refused: Error;
  /** A node could not be reached. */
  unreachable: Did;
}

interface MeshOptions {
  readonly membership: Membership;
  /** Name and version of this program. */
  readonly agent: string;
  /** Random, new at every start of this node. */
  readonly session: string;
  /** Dials an address at the signaling server. */
  dial(address: string): Promise<RawLink>;
  /** Makes lines without signaling. */
  readonly hand: HandDialer;
  /** Receives guests. */
  welcome(line: AuthenticatedLine): void;
  /** Where this node can be reached now. */
  contact(): { address: PeerId | undefined; slot: number | undefined };
  /** The nodes that a new member is told of. */
  knownPeers(): readonly { readonly did: Did; readonly address: PeerId | undefined }[];
  /** Whether somebody whom a member named is worth dialling. */
  wants(did: Did): boolean;
  /** Whether a member can be kept in mind. */
  hasRoomFor(did: Did, standing: Standing): boolean;
  /** `RUN_OUT_MS`, shortened by tests. */
  readonly runOutMs?: number;
}

/** The links to all members. */
export class Mesh extends TypedEventTarget<MeshEvents> {
  readonly members = new Map<Did, Member>();
  readonly #options: MeshOptions;
  readonly #dialler: Dialler;
  readonly #relay: Relay;
  readonly #handshake: MemberHandshake;
  readonly #introduction: Introduction;
  readonly #spares: SpareLinks;
  #closed = false;

  constructor(options: MeshOptions) {
    super();
    this.#options = options;
    this.#handshake = new MemberHandshake(options.membership, options.agent);
    this.#introduction = new Introduction({
      membership: options.membership,
      handshake: this.#handshake,
      session: options.session,
      welcome: (line) => options.welcome(line),
      membersFrame: () => this.#membersFrame(),
      learn: (frame, link, { branch }) => this.#learn(frame, link, branch),
    });
    this.#spares = new SpareLinks({
      runOutMs: options.runOutMs,
      left: (member, reason) => {
        this.emit("left", { member, reason });
        if (!member.link.accused) return;
        this.#handshake.shun(member.did);
        this.members.get(member.did)?.link.close(reason);
      },
    });
    this.#relay = new Relay({
      self: options.membership.signer.did,
      hand: options.hand,
      linkTo: (did) => this.members.get(did)?.link,
      introduce: (raw) => void this.introduce(raw, false),
    });
    this.#dialler = new Dialler({
      wants: (did, target) => this.#isWanted(did, target),
      dial: (address) => options.dial(address),
      dialThrough: (did, via) => this.#relay.dial(did, via),
      introduce: (raw) => this.introduce(raw, false),
      failed: (did) => this.emit("unreachable", did),
    });
  }

  /**
   * Dials a node at its address or, without one, through any member, which may be linked to it; the event `joined` tells of
   * success.
   */
  dial(did: Did, address: PeerId | undefined): void {
    this.#dialler.dial(did, { address, via: address ? undefined : this.#anyLink(), teller: undefined });
  }

  /** Nodes that are being dialled now. */
  get dialling(): number {
    return this.#dialler.count;
  }

  isDialling(did: Did): boolean {
    return this.#dialler.isDialling(did);
  }

  /**
   * Gets to know the node at the other end of a fresh line. A bootstrap line, made through a slot, only
   * exchanges addresses; over others the node becomes a member. Gives its did, or undefined where nothing comes of it. Never throws.
   */
  async introduce(raw: RawLink, bootstrap: boolean): Promise<Did | undefined> {
    const begunAt = performance.now();
    try {
      const met = await this.#introduction.run(raw, bootstrap);
      if (met?.member) {
        this.#admit(met.member, begunAt);
        // This one was not among those who were examined when the rules changed.
        if (met.rulesHaveChanged()) await this.reexamine();
      }
      return met?.did;
    } catch (error) {
      if (!this.#closed && error instanceof Error) this.emit("refused", error);
      return undefined;
    }
  }

  /** Tells all members where this node is and whom it knows; called when that changes. */
  announce(): void {
    const frame = this.#membersFrame();
    for (const { link } of this.members.values()) link.post("members", frame);
  }

  /** Takes a member's contact details, and those of the members that it is linked to. */
  takeMembers(member: Member, frame: ReceivedBody<"members">): void {
    member.address = frame.address as PeerId | undefined;
    member.slot = frame.slot;
    this.#learn(frame, member.link, member.standing.branch);
  }

  /** Takes an offer or an answer for this node, or passes it on. */
  takeRelay({ link, standing }: Member, frame: ReceivedBody<"relay">): void {
    this.#relay.receive(link, standing.branch, frame);
  }

  close(reason: string): void {
    this.#closed = true;
    this.#dialler.close();
    for (const { link } of this.members.values()) link.close(reason);
    this.#spares.close(reason);
  }

  /** The rules have changed for these members, or for all: the links of those that no longer belong to the room end. */
  async reexamine(concerns: (did: Did, standing: Standing) => boolean = () => true): Promise<void> {
    const { membership } = this.#options;
    const concerned = [...this.members.values()].filter(({ did, standing }) => concerns(did, standing));
    await Promise.all(
      concerned.map(async (member) => {
        try {
          member.standing = await membership.examine(member.did, member.proof);
        } catch (error) {
          dismiss(member.link, membership, error);
        }
      }),
    );
  }

  #admit(known: ProvenMember, begunAt: number): void {
    const { link, session, standing } = known;
    if (this.#closed) return link.close("this node has left the room");
    const old = this.members.get(link.did);
    if (!old && !this.#options.hasRoomFor(link.did, standing)) return link.close(ROOM_FULL);
    if (!old && this.members.size >= MAX_LINKS && !this.#makeRoom(standing)) return link.close(TOO_MANY_LINKS);
    const since = performance.now();
    const member: Member = { ...known, since, address: undefined, slot: undefined, ...UNREAD };
    const glare = old?.link.open && old.session === session && begunAt - old.since <= GLARE_MS;
    if (glare && !this.#prefers(link)) {
      // The other side may have had this one first, and begun something over it.
      if (!this.#spares.add(member)) return link.close(ANOTHER_LINK);
      this.emit("spare", member);
    } else {
      this.members.set(link.did, member);
      // A node does not dial those that it is linked to, so a late second link means that the first is dead at the other end.
      if (old && !(glare && this.#spares.add(old))) {
        old.link.close(ANOTHER_LINK);
        this.emit("left", { member: old, reason: ANOTHER_LINK });
      }
      void link.closed.then((reason) => this.#leave(member, reason));
      this.emit("joined", member);
    }
    link.listen(
      (frame) => member.onFrame(frame),
      (frame) => member.wants(frame),
    );
  }

  /** Ends the newest idle link of the branch that has most of them. False where this branch would then have as many. */
  #makeRoom({ branch }: Standing): boolean {
    const idle = [...this.members.values()].filter(({ link }) => !link.busy);
    const out = givingWay(idle, (member) => member.standing.branch, branch).at(-1);
    out?.link.close(TOO_MANY_LINKS);
    return out !== undefined;
  }

  /** Whether a link, of two that both sides dialled at once, is the one that stays. Both come to the same answer. */
  #prefers(link: RoomLink): boolean {
    const own = this.#options.membership.signer.did;
    const lower = own < link.did ? own : link.did;
    const offerer = link.offerer ? own : link.did;
    return offerer === lower;
  }

  #leave(member: Member, reason: string): void {
    if (this.members.get(member.did) !== member) return;
    this.#spares.end(member.did, reason);
    this.members.delete(member.did);
    if (member.link.accused) this.#handshake.shun(member.did);
    this.emit("left", { member, reason });
    // A member that said good-bye or was refused is not dialled again.
    if (!this.#closed && member.link.lost) void this.#redial(member.did, member.address);
  }

  /** Unites what a member knows with what this node knows. */
  #learn(frame: RoomFrameBody<"members">, link: RoomLink, teller: Did): void {
    const hear = (did: string, address: string | undefined, via: RoomLink | undefined): void =>
      this.#dialler.dial(did as Did, { address: address as PeerId | undefined, via, teller });
    if (frame.address) hear(link.did, frame.address, undefined);
    for (const peer of frame.peers) hear(peer.did, peer.address, link);
  }

  #isWanted(did: Did, { teller }: DialTarget): boolean {
    if (did === this.#options.membership.signer.did || this.members.has(did)) return false;
    if (this.#handshake.isShunned(did)) return false;
    return this.members.size < MAX_LINKS && (!teller || this.#options.wants(did));
  }

  /** A link that broke is replaced while its node is still there. */
  async #redial(did: Did, address: PeerId | undefined): Promise<void> {
    for (const ms of REDIAL_MS) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (this.#closed || this.members.has(did)) return;
      this.#dialler.dial(did, { address, via: this.#anyLink(), teller: undefined });
    }
  }

  #anyLink(): RoomLink | undefined {
    const all = [...this.members.values()];
    return all[Math.floor(Math.random() * all.length)]?.link;
  }

  #membersFrame(): RoomFrameBody<"members"> {
    const { address, slot } = this.#options.contact();
    const peers = this.#options.knownPeers().map(({ did, address: at }) => ({ did, ...(at && { address: at }) }));
    return { ...(address && { address }), ...(slot !== undefined && { slot }), peers };
  }
}
