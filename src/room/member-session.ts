/** Being inside a room as a member: links, heartbeats, jobs, and the rules that hold for all of them. */
import { type Did, MicrogridError, TypedEventTarget, randomId } from "../core";
import type { Signed } from "../identity";
import type { GenerationRequest, Provider } from "../inference";
import type { RawLink } from "../wire";
import { MEMBER_DIAL_MS } from "./constants";
import { Door } from "./door/door";
import { type InsideFrame, MAX_SHOWN_INSIDE } from "./door/protocol";
import { JobServer, type SharedModels } from "./jobs/server";
import type { PeerLoad } from "./jobs/refused";
import { CharterGuard, type CharterRule, type Membership, saysNotAMember } from "./membership";
import type { Member } from "./links/member";
import { LEFT_ROOM, Mesh, ROOM_FULL } from "./links/mesh";
import { type CardTerms, OFFERS_PER_CARD } from "./gossip";
import type { SignalingRegistration } from "./signaling/registration";
import type { RoomFrame, RoomLink } from "./protocol";
import { type Heartbeat, type Profile, HeartbeatSender, heartbeatOf } from "./links/heartbeat";
import { Governance } from "./membership/governance";
import type { HandDialer } from "./links/relay";
import { RemotePeer } from "./links/remote-peer";
import { Rendezvous } from "./signaling/rendezvous";
import { WeightTransfer } from "./weights/transfer";
import { StageLanes } from "./stages/lanes";
import { Gossip } from "./gossip/gossip";

interface InteriorOptions {
  readonly presence: SignalingRegistration;
  readonly membership: Membership;
  readonly agent: string;
  /** This device. */
  readonly local: Provider;
  /** Makes lines without signaling. */
  readonly hand: HandDialer;
  profile(): Profile;
}

interface InteriorEvents {
  /** Peers, what they offer, rules or jobs have changed. */
  change: undefined;
  /** Somebody was refused at the door; the text is for people. */
  refused: Error;
  /** A member says that this node is none, and why. */
  expelled: string;
}

/** The inside of a room. */
export class MemberSession extends TypedEventTarget<InteriorEvents> {
  readonly membership: Membership;
  readonly door: Door;
  readonly governance: Governance;
  readonly stages: StageLanes;
  /** Weights of models between members. */
  readonly bulk: WeightTransfer;
  readonly #options: InteriorOptions;
  readonly #mesh: Mesh;
  readonly #wide: Gossip;
  readonly #rendezvous: Rendezvous;
  readonly #server: JobServer;
  readonly #guard: CharterGuard;
  readonly #pulse: HeartbeatSender;
  readonly #peers = new Map<Did, RemotePeer>();
  readonly #stop: (() => void)[];
  #sharing: SharedModels | undefined;
  #hasLeft = false;

  constructor(options: InteriorOptions) {
    super();
    const { membership, presence, agent, hand } = options;
    this.#options = options;
    this.membership = membership;
    const session = randomId(16);
    this.#mesh = new Mesh({
      membership,
      agent,
      session,
      dial: (address) => this.#dial(address),
      hand,
      welcome: (line) => void this.door.receive(line),
      whereabouts: () => this.#whereabouts(),
      acquaintances: () => this.#wide.acquaintances(),
      wants: (did) => this.#wide.wants(did),
      hasRoomFor: (did) => this.#wide.hasRoomFor(did),
    });
    this.#wide = new Gossip({
      membership,
      session,
      mesh: this.#mesh,
      online: () => presence.foothold !== undefined,
      terms: () => this.#terms(),
    });
    this.#rendezvous = new Rendezvous({
      secret: membership.rendezvousSecret,
      foothold: () => presence.foothold,
      meet: (link) => this.#mesh.introduce(link, true),
      mayHold: true,
      known: () => {
        const members = [...this.#mesh.members.values()];
        const linked = members.flatMap(({ slot }) => (slot === undefined ? [] : [slot]));
        return { slots: [...new Set([...linked, ...this.#wide.slots])], members: members.length };
      },
      onSlotChange: () => this.#announce(),
    });
    this.door = new Door({
      membership,
      inside: () => this.#inside(),
      addressOf: (did) => this.#wide.addressOf(did),
      tell: (frame) => {
        for (const { link } of this.#mesh.members.values()) link.post("knock", frame);
      },
      introduce: (raw) => void this.#mesh.introduce(raw, false),
    });
    this.governance = new Governance(membership, this.#mesh);
    this.stages = new StageLanes(this.#mesh.members, (did, linking) => this.#wide.linkTo(did, linking));
    this.bulk = new WeightTransfer(this.#mesh.members, (did, linking) => this.#wide.linkTo(did, linking));
    this.#guard = new CharterGuard(() => membership.charter.terms);
    this.#server = new JobServer({
      provider: options.local,
      sharing: () => this.#sharing,
      load: () => this.#load(),
      forbids: (link, request, running) => this.#forbids(link, request, running),
      onChange: () => this.refresh(),
      onRefused: () => {
        this.#pulse.insist();
        this.refresh();
      },
    });
    this.#pulse = new HeartbeatSender(
      () => this.#heartbeat(),
      (heartbeat) => {
        for (const { link } of this.#mesh.members.values()) link.post("heartbeat", heartbeat);
      },
    );
    const changed = (): void => this.emit("change", undefined);
    this.#stop = [
      presence.on("link", (link) => void this.#mesh.introduce(link, false)),
      presence.on("online", () => {
        this.#announce();
        this.#rendezvous.nudge();
      }),
      this.#mesh.on("joined", (member) => this.#joined(member)),
      this.#mesh.on("spare", (member) => this.#attach(member)),
      this.#mesh.on("left", ({ member, reason }) => this.#left(member, reason)),
      this.#wide.on("change", (did) => this.#heard(did)),
      this.#mesh.on("refused", (error) => {
        const { cause } = error;
        if (typeof cause === "string" && saysNotAMember(cause)) this.emit("expelled", cause);
        else this.emit("refused", error);
      }),
      this.door.on("change", changed),
      this.governance.on("change", changed),
      membership.on("change", changed),
    ];
  }

  /** Looks for the others; resolves once somebody was met or the first look around is over. */
  start(): Promise<void> {
    this.#wide.refresh();
    const met = new Promise<void>((resolve) => this.#mesh.on("joined", () => resolve()));
    return Promise.race([this.#rendezvous.start(), met]);
  }

  /** The members that have introduced themselves. */
  get peers(): readonly RemotePeer[] {
    return [...this.#peers.values()].filter((peer) => peer.heartbeat && (peer.linked || this.#wide.reaches(peer.id)));
  }

  /** Nodes in the room that are known of, this one included. */
  get size(): number {
    return this.#wide.nodes;
  }

  /** Members that this node is linked to. */
  get links(): number {
    return this.#mesh.members.size;
  }

  /** Whether a member is known of, linked or not. */
  knows(did: Did): boolean {
    return this.#wide.card(did) !== undefined;
  }

  /** Jobs of peers that run here now. */
  get serving(): number {
    return this.#server.running;
  }

  /** Gets to know the node at the other end of a line that was made by hand, or at the door. */
  introduce(raw: RawLink): Promise<boolean> {
    return this.#mesh.introduce(raw, false);
  }

  /** Starts, changes or ends sharing this device. Ending it while jobs run moves them elsewhere, if `stopJobs`. */
  share(sharing: SharedModels | undefined, stopJobs: boolean): void {
    this.#sharing = sharing;
    if (!sharing && stopJobs) this.#server.stop("It no longer shares its device.");
    this.#server.sharingChanged();
    this.refresh();
  }

  /** Tells the room about this node as it is now; at most once a second, and only when something changed. */
  refresh(): void {
    if (this.#hasLeft) return;
    this.emit("change", undefined);
    this.#wide.refresh();
    this.#pulse.refresh();
  }

  /** Says good-bye and leaves. Synchronous, so that it works while the page goes away. */
  leave(): void {
    this.#hasLeft = true;
    this.#pulse.close();
    for (const stop of this.#stop) stop();
    this.#server.stop("It has left the room.");
    this.door.close();
    this.#wide.close();
    this.#mesh.close(LEFT_ROOM);
    this.#rendezvous.close();
  }

  async #dial(address: string) {
    const foothold = this.#options.presence.foothold;
    if (!foothold) throw new Error("offline");
    const signal = new AbortController().signal;
    return foothold.endpoint.dial(address, { timeoutMs: MEMBER_DIAL_MS, signal });
  }

  #joined(member: Member): void {
    this.#peerOf(member.did).attach(member);
    this.#attach(member);
    member.link.post("heartbeat", this.#heartbeat());
    this.governance.greet(member);
    this.emit("change", undefined);
  }

  /** What comes over a link, be it a spare one, is taken. */
  #attach(member: Member): void {
    const peer = this.#peerOf(member.did);
    this.stages.attach(member);
    this.bulk.attach(member);
    member.onFrame = (frame) => this.#receive(member, peer, frame);
  }

  #left(member: Member, reason: string): void {
    this.#server.lost(member.link);
    this.stages.detach(member, reason);
    this.bulk.detach(member, reason);
    if (saysNotAMember(reason)) this.emit("expelled", reason);
    if (reason === ROOM_FULL) {
      const { name } = this.membership.charter.terms;
      const text = `“${name}” cannot take more devices: ${reason}. Ask somebody to leave, then join again.`;
      this.emit("refused", new MicrogridError("peer-refused", text));
    }
    if (!this.#peers.get(member.did)?.detach(member)) return;
    if (!this.#wide.card(member.did)) this.#peers.delete(member.did);
    // In a larger room links come and go; only without any, or without a holder, is there something to look for.
    if (this.#wide.full || member.slot !== undefined || this.links === 0) this.#rendezvous.nudge();
    this.emit("change", undefined);
  }

  /** Something is news of a member that this node need not be linked to. */
  #heard(did: Did): void {
    const card = this.#wide.card(did);
    if (card) this.#peerOf(did).introduce(card);
    else if (!this.#mesh.members.has(did)) this.#peers.delete(did);
    this.emit("change", undefined);
  }

  #peerOf(did: Did): RemotePeer {
    const peer = this.#peers.get(did) ?? new RemotePeer(did, this.#wide, (model) => this.#allows(model));
    this.#peers.set(did, peer);
    return peer;
  }

  #announce(): void {
    this.#mesh.announce();
    this.#wide.refresh();
  }

  #whereabouts() {
    return { address: this.#options.presence.foothold?.address, slot: this.#rendezvous.slot };
  }

  /** What this node says of itself to the whole room. */
  #terms(): CardTerms {
    const { address, slot } = this.#whereabouts();
    const { offers, ...profile } = this.#heartbeat();
    return {
      ...(address && { address }),
      ...(slot !== undefined && { slot }),
      ...profile,
      offers: offers.slice(0, OFFERS_PER_CARD),
    };
  }

  #receive(member: Member, peer: RemotePeer, frame: RoomFrame): void {
    switch (frame.kind) {
      case "heartbeat":
        peer.update(frame.body);
        this.emit("change", undefined);
        break;
      case "job.request":
      case "job.cancel":
        this.#server.receive(member.link, frame);
        break;
      case "job.accepted":
      case "job.refused":
      case "job.tokens":
      case "job.done":
      case "job.failed":
        peer.receive(member, frame);
        break;
      case "charter":
      case "epochs":
      case "proposal":
      case "revocation":
      case "proof":
      case "standing":
        void this.governance.receive(member, frame);
        break;
      case "knock":
        void this.door.takeKnock(member.link, frame.body);
        break;
      case "knock.answer":
        this.door.takeAnswer(frame.body);
        break;
      case "gossip":
      case "view.sums":
      case "view.list":
      case "view.pull":
        this.#wide.receive(member.did, frame);
        break;
      case "hello":
      case "members":
      case "relay":
        member.link.accuse(`it sent ${frame.kind} twice`);
        break;
    }
  }

  #allows(model: string): boolean {
    const { models } = this.membership.charter.terms;
    return models === "any" || models.includes(model);
  }

  #forbids({ did }: RoomLink, request: GenerationRequest, running: number): CharterRule | undefined {
    const shares = this.#peers.get(did)?.heartbeat?.sharing ?? false;
    return this.#guard.check(request, { did, running, shares });
  }

  /** What guests are told of those who are here. */
  #inside(): InsideFrame[] {
    const { name, device, sharing, offers } = this.#heartbeat();
    const own = { name, device, sharing, models: offers.map(({ model }) => model) };
    const show = (did: Did, delegation: Signed | undefined, about: typeof own): InsideFrame => ({
      did,
      ...(delegation && { delegation }),
      ...about,
    });
    const self = show(this.membership.signer.did, this.membership.proof[0]?.delegation, own);
    const others = this.peers.flatMap(({ id, heartbeat }) => {
      const delegation = this.#mesh.members.get(id)?.proof[0]?.delegation;
      if (!heartbeat) return [];
      const models = heartbeat.offers.map(({ model }) => model);
      return [
        show(id, delegation, { name: heartbeat.name, device: heartbeat.device, sharing: heartbeat.sharing, models }),
      ];
    });
    return [self, ...others].slice(0, MAX_SHOWN_INSIDE);
  }

  #heartbeat(): Heartbeat {
    const sharing = this.#sharing;
    const offers = this.#options.local
      .models()
      .filter(({ model }) => sharing?.models.has(model) && this.#allows(model));
    const layersBytes = sharing?.layersBytes ?? 0;
    return heartbeatOf(this.#options.profile(), {
      sharing: sharing !== undefined,
      ...(layersBytes > 0 && { layersBytes }),
      load: this.#load(),
      offers,
    });
  }

  #load(): PeerLoad {
    const { visible, battery, tokenRate, ownJobs } = this.#options.profile();
    const running = this.#server.running + ownJobs;
    return { running, queued: this.#server.queued, tokenRate, visible, ...(battery !== undefined && { battery }) };
  }
}
