/** The links of a room: who is connected to this node, kept to one link for each did. */
import { type Did, MicrogridError, type PeerId, TypedEventTarget } from "../core";
import { type Credentials, Link, type RawLink } from "../wire";
import { MAX_DIALS, MAX_MEMBERS } from "./constants";
import { Introduction } from "./introduction";
import { type HandDialer, Relay } from "./relay";
import { ROOM_FRAMES, type RoomFrame, type RoomFrameBody, type RoomLink } from "./protocol";

/** Two links of one did that are closer in time than this come from both sides dialling at once. */
const GLARE_MS = 10_000;
/** Waits before a lost member is dialled again. */
const REDIAL_MS = [300, 2_000, 8_000] as const;

/** Another node of the room, while it is linked to this one. */
export interface Member {
  readonly did: Did;
  /** New at every start of that node. */
  readonly session: string;
  readonly link: RoomLink;
  /** Where it can be dialled; undefined while it is offline at signaling. */
  address: PeerId | undefined;
  /** The slot that it holds, if it does. */
  slot: number | undefined;
  /** Gets its frames, but for those of the mesh itself. */
  onFrame: (frame: RoomFrame) => void;
}

interface MeshEvents {
  joined: Member;
  left: { readonly member: Member; readonly reason: string };
  /** A line was refused; the reason is for people. */
  refused: Error;
}

/** How a node may be reached: at its address, or through the member that spoke of it. */
interface Target {
  readonly address: PeerId | undefined;
  readonly via: RoomLink | undefined;
}

interface MeshOptions {
  readonly credentials: Credentials;
  /** Random, new at every start of this node. */
  readonly session: string;
  /** Dials an address at the signaling server. */
  dial(address: string): Promise<RawLink>;
  /** Makes lines without signaling. */
  readonly hand: HandDialer;
  /** What this node is reachable under now. */
  whereabouts(): { address: PeerId | undefined; slot: number | undefined };
}

/** The links to all members. */
export class Mesh extends TypedEventTarget<MeshEvents> {
  readonly members = new Map<Did, Member>();
  readonly #options: MeshOptions;
  readonly #dialling = new Set<Did>();
  /** Nodes that wait to be dialled, with the newest that is known of each. */
  readonly #toDial = new Map<Did, Target>();
  readonly #since = new WeakMap<RoomLink, number>();
  readonly #relay: Relay;
  #closed = false;

  constructor(options: MeshOptions) {
    super();
    this.#options = options;
    this.#relay = new Relay({
      self: options.credentials.signer.did,
      hand: options.hand,
      linkTo: (did) => this.members.get(did)?.link,
      introduce: (raw) => void this.introduce(raw, false),
    });
  }

  /**
   * Gets to know the node at the other end of a fresh line. A bootstrap line, made through a slot, only
   * exchanges addresses; over others the node becomes a member. Never throws: a stranger is dropped.
   */
  async introduce(raw: RawLink, bootstrap: boolean): Promise<void> {
    try {
      const link = await Link.establish(raw, ROOM_FRAMES, this.#options.credentials);
      const inbox = new Introduction(link);
      link.post("hello", { session: this.#options.session, bootstrap });
      link.post("members", this.#membersFrame());
      const hello = await inbox.take("hello");
      if (bootstrap || hello.bootstrap) {
        this.#learn(await inbox.take("members"), link);
        // Who dialled has what it came for; the other side waits a moment for it to leave.
        if (raw.offerer) link.close("introduced");
        else inbox.closeSoon("introduced");
        return;
      }
      this.#admit(link, hello.session, inbox);
    } catch (error) {
      if (!this.#closed && error instanceof Error) this.emit("refused", error);
    }
  }

  /** Tells all members where this node is and whom it knows; called when that changes. */
  announce(): void {
    const frame = this.#membersFrame();
    for (const { link } of this.members.values()) link.post("members", frame);
  }

  close(reason: string): void {
    this.#closed = true;
    for (const { link } of this.members.values()) link.close(reason);
  }

  #admit(link: RoomLink, session: string, inbox: Introduction): void {
    if (this.#closed) return link.close("this node has left the room");
    const old = this.members.get(link.did);
    if (!old && this.members.size >= MAX_MEMBERS - 1) return link.close(ROOM_FULL);
    if (old && !this.#prefers(link, old, session)) return link.close("another link is in use");
    const member: Member = {
      did: link.did,
      session,
      link,
      address: undefined,
      slot: undefined,
      onFrame: () => undefined,
    };
    this.members.set(link.did, member);
    this.#since.set(link, performance.now());
    if (old) {
      old.link.close("another link is in use");
      this.emit("left", { member: old, reason: "another link is in use" });
    }
    void link.closed.then((reason) => this.#leave(member, reason));
    this.emit("joined", member);
    inbox.forward((frame) => {
      if (frame.kind === "members") {
        member.address = frame.body.address as PeerId | undefined;
        member.slot = frame.body.slot;
        this.#learn(frame.body, link);
      } else if (frame.kind === "relay") this.#relay.receive(link.did, link, frame.body);
      else member.onFrame(frame);
    });
  }

  /** Whether a second link of a did is to replace the first. Both sides come to the same answer. */
  #prefers(link: RoomLink, old: Member, session: string): boolean {
    const own = this.#options.credentials.signer.did;
    if (!old.link.open || old.session !== session) return true;
    // Nobody dials whom it is linked to: a late second link means that the first is dead at the other end.
    if (performance.now() - (this.#since.get(old.link) ?? 0) > GLARE_MS) return true;
    const lower = own < link.did ? own : link.did;
    const offerer = link.offerer ? own : link.did;
    return offerer === lower;
  }

  #leave(member: Member, reason: string): void {
    if (this.members.get(member.did) !== member) return;
    this.members.delete(member.did);
    this.emit("left", { member, reason });
    // Who said good-bye, or was refused, is not dialled again.
    if (!this.#closed && member.link.lost) void this.#redial(member.did, member.address);
  }

  /** Unites what a member knows with what this node knows. */
  #learn(frame: RoomFrameBody<"members">, link: RoomLink): void {
    if (frame.address) this.#dial(link.did, frame.address as PeerId, undefined);
    for (const peer of frame.peers) this.#dial(peer.did as Did, peer.address as PeerId | undefined, link);
  }

  /** Dials a node at its address or, where signaling does not lead to it, through a member that knows it. */
  #dial(did: Did, address: PeerId | undefined, via: RoomLink | undefined): void {
    if (did === this.#options.credentials.signer.did || this.members.has(did)) return;
    // A peer may invent nodes without end; beyond a full room they are not believed.
    if (this.#toDial.size >= MAX_MEMBERS && !this.#toDial.has(did)) return;
    this.#toDial.set(did, { address, via });
    this.#dialNext();
  }

  #dialNext(): void {
    for (const [did, target] of this.#toDial) {
      if (this.#closed || this.#dialling.size >= MAX_DIALS || this.members.size >= MAX_MEMBERS - 1) return;
      // What came in meanwhile about a node that is being dialled waits for how that ends.
      if (this.#dialling.has(did)) continue;
      this.#toDial.delete(did);
      if (this.members.has(did)) continue;
      this.#dialling.add(did);
      void this.#reach(did, target)
        .then((raw) => this.introduce(raw, false))
        .catch(() => undefined) // An address may be stale; the rendezvous finds the node again.
        .finally(() => {
          this.#dialling.delete(did);
          this.#dialNext();
        });
    }
  }

  async #reach(did: Did, { address, via }: Target): Promise<RawLink> {
    const throughMember = (): Promise<RawLink> => {
      if (!via?.open || !this.members.has(via.did)) throw new MicrogridError("peer-lost", "A device is out of reach.");
      return this.#relay.dial(did, via);
    };
    if (!address) return throughMember();
    return this.#options.dial(address).catch(throughMember);
  }

  /** A link that broke is replaced while its node is still there. */
  async #redial(did: Did, address: PeerId | undefined): Promise<void> {
    for (const ms of REDIAL_MS) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (this.#closed || this.members.has(did)) return;
      const others = [...this.members.values()];
      this.#dial(did, address, others[Math.floor(Math.random() * others.length)]?.link);
    }
  }

  #membersFrame(): RoomFrameBody<"members"> {
    const { address, slot } = this.#options.whereabouts();
    const peers = [...this.members.values()].map((member) => ({
      did: member.did,
      ...(member.address && { address: member.address }),
    }));
    return { ...(address && { address }), ...(slot !== undefined && { slot }), peers };
  }
}

/** The reason that `leave` gives. */
export const LEFT_ROOM = "left the room";
/** The reason that a full room gives. */
export const ROOM_FULL = `the room is full (${MAX_MEMBERS} devices)`;
