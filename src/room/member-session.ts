/** Being in a room as a member: connects the links, heartbeats, jobs and rules with each other. */
import { type Did, MicrogridError, TypedEventTarget, randomId, quotedName } from "../core";
import type { Provider } from "../inference";
import type { RawFrame, RawLink } from "../wire";
import { LEFT_ROOM, MEMBER_DIAL_MS } from "./constants";
import { Door } from "./door/door";
import { insideOf } from "./door/inside";
import { type Sender, frameRoutes } from "./frame-routes";
import { Gossip } from "./gossip/gossip";
import { screensJobs } from "./job-screens";
import { JobServer, type SharedModels } from "./jobs/server";
import { dispatch } from "./frames/handlers";
import { HeartbeatSender, type Profile } from "./links/heartbeat";
import type { Member } from "./links/member";
import { Mesh } from "./links/mesh";
import { RoomPatience } from "./links/patience";
import { ROOM_FULL } from "./links/reasons";
import { Peers } from "./peers/peers";
import type { HandDialer } from "./links/relay";
import type { RemotePeer } from "./peers/remote-peer";
import { CharterGuard, type Membership } from "./membership";
import { Governance } from "./governance/governance";
import { knownRoom } from "./known-room";
import { type ContactDetails, OwnState } from "./own-state";
import type { ROOM_FRAMES, RoomFrameBody } from "./protocol";
import type { SignalingRegistration } from "./signaling/registration";
import { Rendezvous } from "./signaling/rendezvous";
import { StageLanes } from "./stages/lanes";
import { WeightTransfer } from "./weights/transfer";

interface MemberSessionOptions {
  readonly registration: SignalingRegistration;
  readonly membership: Membership;
  readonly agent: string;
  /** This device. */
  readonly local: Provider;
  /** Makes lines without signaling. */
  readonly hand: HandDialer;
  profile(): Profile;
}

interface MemberSessionEvents {
  /** Peers, what they offer, rules or jobs have changed. */
  change: undefined;
  /** A device was refused at the door, or by a full room. The text is for people. */
  refused: Error;
}

/** A room that this node is a member of. */
export class MemberSession extends TypedEventTarget<MemberSessionEvents> {
  readonly membership: Membership;
  readonly door: Door;
  readonly governance: Governance;
  /** Traffic of pipelines. */
  readonly stages: StageLanes;
  /** Weights of models between members. */
  readonly weights: WeightTransfer;
  readonly #registration: SignalingRegistration;
  readonly #mesh: Mesh;
  readonly #gossip: Gossip;
  readonly #peers: Peers;
  readonly #rendezvous: Rendezvous;
  readonly #server: JobServer;
  readonly #own: OwnState;
  readonly #heartbeats: HeartbeatSender;
  readonly #routes: ReturnType<typeof frameRoutes>;
  readonly #stop: (() => void)[];
  readonly #patience: RoomPatience;
  #hasLeft = false;

  constructor(options: MemberSessionOptions) {
    super();
    const { membership, registration, agent, hand, local, profile } = options;
    this.membership = membership;
    this.#registration = registration;
    this.#own = new OwnState({ membership, local, profile, jobs: () => this.#server });
    const session = randomId(16);
    this.#mesh = new Mesh({
      membership,
      agent,
      session,
      hand,
      dial: (address) => this.#dial(address),
      welcome: (line) => void this.door.receive(line),
      contact: () => this.#contact(),
      knownPeers: () => this.#gossip.knownPeers(),
      wants: (did) => this.#gossip.wants(did),
      hasRoomFor: (did, standing) => this.#gossip.hasRoomFor(did, standing),
    });
    this.#patience = new RoomPatience(this.#mesh.members);
    this.#gossip = new Gossip({
      membership,
      session,
      mesh: this.#mesh,
      online: () => registration.current !== undefined,
      terms: () => this.#own.announcement(this.#contact()),
    });
    this.#peers = new Peers({
      mesh: this.#mesh,
      gossip: this.#gossip,
      allows: (model) => this.#own.allows(model),
    });
    this.#rendezvous = new Rendezvous({
      secrets: () => membership.epochs.rendezvousSecrets(),
      registration: () => registration.current,
      meet: (link) => this.#mesh.introduce(link, true),
      mayHold: true,
      known: () => knownRoom(this.#mesh, this.#gossip),
      onNoDirectWay: (error) => this.emit("refused", error),
      onSlotChange: () => this.#announce(),
    });
    this.door = new Door({
      membership,
      inside: () => insideOf({ membership, mesh: this.#mesh, peers: this.peers, own: this.#own.heartbeat() }),
      addressOf: (did) => this.#gossip.addressOf(did),
      owners: () => [...this.#mesh.members.values()].flatMap(({ did, standing }) => (standing.founder ? [did] : [])),
      tell: (frame) => this.#tellAll("knock", frame),
      introduce: (raw) => void this.introduce(raw),
    });
    this.governance = new Governance(membership, this.#mesh);
    const linkTo = (did: Did, linking: { signal: AbortSignal }) => this.#gossip.linkTo(did, linking);
    this.stages = new StageLanes(this.#mesh.members, linkTo);
    this.weights = new WeightTransfer(this.#mesh.members, linkTo);
    const guard = new CharterGuard(() => membership.charter.terms);
    this.#server = new JobServer({
      provider: local,
      sharing: () => this.#own.sharing,
      load: () => this.#own.load(),
      branchOf: ({ did }) => this.#peers.of(did).standing.branch,
      forbids: ({ did }, request, running) => guard.check(request, { did, running, shares: this.#peers.shares(did) }),
      onChange: () => this.refresh(),
      onRefused: () => {
        this.#heartbeats.insist();
        this.refresh();
      },
    });
    this.#heartbeats = new HeartbeatSender(
      () => this.#own.heartbeat(),
      (heartbeat) => this.#tellAll("heartbeat", heartbeat),
    );
    this.#routes = frameRoutes({
      mesh: this.#mesh,
      gossip: this.#gossip,
      door: this.door,
      governance: this.governance,
      server: this.#server,
      onHeartbeat: () => this.#changed(),
    });
    this.#stop = this.#listen();
  }

  /** Looks for the other members. Resolves when one is linked or the first search is over. */
  start(): Promise<void> {
    this.#gossip.refresh();
    const met = new Promise<void>((resolve) => this.#mesh.on("joined", () => resolve()));
    return Promise.race([this.#rendezvous.start(), met]);
  }

  /** The members that have introduced themselves. */
  get peers(): readonly RemotePeer[] {
    return this.#peers.reachable;
  }

  /** The number of nodes in the room that are known of, this one included. */
  get size(): number {
    return this.#gossip.nodes;
  }

  /** The number of members that this node is linked to. */
  get links(): number {
    return this.#mesh.members.size;
  }

  /** The number of jobs of peers that run here now. */
  get serving(): number {
    return this.#server.running;
  }

  /** Whether a member is known of, linked or not. */
  knows(did: Did): boolean {
    return this.#gossip.card(did) !== undefined;
  }

  /** Gets to know the node at the other end of a line that was made by hand, or at the door. */
  introduce(raw: RawLink): Promise<unknown> {
    return this.#mesh.introduce(raw, false);
  }

  /** Starts, changes or ends sharing this device. With `stopJobs`, ending it moves running jobs to other devices. */
  share(sharing: SharedModels | undefined, stopJobs: boolean): void {
    this.#own.sharing = sharing;
    if (!sharing && stopJobs) this.#server.stop("paused", "It no longer shares its device.");
    this.#server.sharingChanged();
    this.refresh();
  }

  /** Tells the room about this node as it is now: at most once a second, and only if something has changed. */
  refresh(): void {
    if (this.#hasLeft) return;
    this.#changed();
    this.#gossip.refresh();
    this.#heartbeats.refresh();
  }

  /** Says good-bye and leaves. Synchronous, so that it works while the page is being closed. */
  leave(): void {
    this.#hasLeft = true;
    this.#heartbeats.close();
    for (const stop of this.#stop) stop();
    this.#server.stop("left", "It has left the room.");
    this.door.close();
    this.governance.close();
    this.#gossip.close();
    this.#mesh.close(LEFT_ROOM);
    this.#rendezvous.close();
  }

  #listen(): (() => void)[] {
    return [
      this.#registration.on("link", (link) => void this.introduce(link)),
      this.#registration.on("online", () => {
        this.#announce();
        this.#rendezvous.nudge();
      }),
      this.#mesh.on("joined", (member) => this.#joined(member)),
      this.#mesh.on("spare", (member) => this.#attach(member)),
      this.#mesh.on("left", ({ member, reason }) => this.#left(member, reason)),
      this.#gossip.on("change", (did) => {
        this.#peers.heard(did);
        this.#changed();
      }),
      this.#mesh.on("refused", (error) => this.emit("refused", error)),
      this.door.on("change", () => this.#changed()),
      this.governance.on("change", () => this.#changed()),
      this.membership.on("change", () => this.#changed()),
      // The room is found under other names now.
      this.membership.on("epochs", () => this.#rendezvous.nudge()),
    ];
  }

  #joined(member: Member): void {
    this.#peers.of(member.did).attach(member);
    this.#attach(member);
    member.link.post("heartbeat", this.#own.heartbeat());
    this.governance.greet(member);
    this.#changed();
  }

  /** Handles everything that comes over a link, even if it is a spare one. */
  #attach(member: Member): void {
    const sender = { member, peer: this.#peers.of(member.did) };
    this.stages.attach(member);
    this.weights.attach(member);
    const server = this.#server;
    this.#patience.bound(member);
    const bears = (frame: RawFrame): boolean =>
      this.#patience.bears(member, frame) && this.#gossip.bears(member, frame);
    member.wants = (frame) => bears(frame) && screensJobs(frame, { ...sender, server });
    member.onFrame = (frame) => dispatch<typeof ROOM_FRAMES, Sender>(this.#routes, frame, sender);
  }

  #left(member: Member, reason: string): void {
    this.#server.lost(member.link);
    this.stages.detach(member, reason);
    this.weights.detach(member, reason);
    if (reason === ROOM_FULL) {
      const { name } = this.membership.charter.terms;
      const text = `${quotedName(name)} cannot take more devices: ${reason}. Ask somebody to leave, then join again.`;
      this.emit("refused", new MicrogridError("peer-refused", text));
    }
    if (!this.#peers.unlinked(member)) return;
    // In a larger room links come and go. It has to be searched only without any link, or without a holder of a slot.
    if (this.#gossip.full || member.slot !== undefined || this.links === 0) this.#rendezvous.nudge();
    this.#changed();
  }

  async #dial(address: string): Promise<RawLink> {
    const { current } = this.#registration;
    if (!current) throw new Error("offline");
    const { signal } = new AbortController();
    return current.endpoint.dial(address, { timeoutMs: MEMBER_DIAL_MS, signal });
  }

  #contact(): ContactDetails {
    return { address: this.#registration.current?.address, slot: this.#rendezvous.slot };
  }

  #announce(): void {
    this.#mesh.announce();
    this.#gossip.refresh();
  }

  #tellAll<K extends "heartbeat" | "knock">(kind: K, body: RoomFrameBody<K>): void {
    for (const { link } of this.#mesh.members.values()) link.post(kind, body);
  }

  #changed(): void {
    this.emit("change", undefined);
  }
}
