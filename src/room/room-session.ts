/** Being in a room: presence, rendezvous, links, heartbeats and jobs, put together. */
import { type Did, MicrogridError, TypedEventTarget, randomId } from "../core";
import type { Signer } from "../identity";
import type { ModelOffer, Provider } from "../inference";
import type { Transport } from "../wire";
import {
  HEARTBEAT_MS,
  MAX_DEVICE_CHARS,
  MAX_GPU_CHARS,
  MAX_MODEL_CHARS,
  MAX_NAME_CHARS,
  MAX_OFFERS,
  MEMBER_DIAL_MS,
} from "./constants";
import type { Invite } from "./invite";
import { JobServer, type Sharing } from "./jobs/server";
import type { PeerLoad } from "./jobs/refused";
import { LEFT_ROOM, type Member, Mesh, ROOM_FULL } from "./mesh";
import { Presence, type SignalingState } from "./presence";
import type { RoomFrame } from "./protocol";
import type { HandDialer } from "./relay";
import { RemotePeer } from "./remote-peer";
import { Rendezvous } from "./rendezvous";
import { orderServers } from "./slots";

/** How this node presents itself to the room. */
export interface Profile {
  readonly name: string;
  readonly device: string;
  readonly gpu: string;
  readonly visible: boolean;
  /** Share of battery left; undefined on mains. */
  readonly battery: number | undefined;
  /** Recent tokens per second over all jobs. */
  readonly tokenRate: number;
  /** Answers for this node's own user that run now. */
  readonly ownJobs: number;
}

export interface RoomOptions {
  readonly invite: Invite;
  readonly signer: Signer;
  /** Name and version of this program. */
  readonly agent: string;
  /** This device. */
  readonly local: Provider;
  openTransport(url: string): Promise<Transport>;
  /** Makes lines without signaling. */
  readonly hand: HandDialer;
  profile(): Profile;
}

interface RoomEvents {
  /** Peers, what they offer, signaling or jobs have changed. */
  change: undefined;
  /** Somebody was refused at the door; the text is for people. */
  refused: Error;
}

/** A room that this node is in. */
export class RoomSession extends TypedEventTarget<RoomEvents> {
  readonly invite: Invite;
  readonly #options: RoomOptions;
  readonly #presence: Presence;
  readonly #mesh: Mesh;
  readonly #rendezvous: Rendezvous;
  readonly #server: JobServer;
  readonly #peers = new Map<Did, RemotePeer>();
  #sharing: Sharing | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;
  #beatAt = -Infinity;
  #lastBeat = "";
  #hasLeft = false;

  /** Resolves once somebody was met or the first look around is over. */
  lookedAround: Promise<void> = Promise.resolve();

  /** Enters the room of an invite. Resolves when signaling was tried; the room is looked for from then on. */
  static async enter(options: RoomOptions): Promise<RoomSession> {
    const { invite } = options;
    const session = new RoomSession(options, await orderServers(invite.roomId, invite.servers));
    await session.#start();
    return session;
  }

  private constructor(options: RoomOptions, servers: readonly string[]) {
    super();
    const { invite, signer, agent } = options;
    this.invite = invite;
    this.#options = options;
    this.#presence = new Presence(servers, (url) => options.openTransport(url));
    this.#mesh = new Mesh({
      credentials: {
        signer,
        agent,
        roomId: invite.roomId,
        epoch: invite.epoch.number,
        epochSecret: invite.epoch.secret,
      },
      session: randomId(16),
      dial: (address) => this.#dial(address),
      hand: options.hand,
      whereabouts: () => ({ address: this.#presence.foothold?.address, slot: this.#rendezvous.slot }),
    });
    this.#rendezvous = new Rendezvous({
      secret: invite.rendezvousSecret,
      foothold: () => this.#presence.foothold,
      meet: (link) => this.#mesh.introduce(link, true),
      known: () => {
        const members = [...this.#mesh.members.values()];
        return { slots: members.flatMap(({ slot }) => (slot === undefined ? [] : [slot])), members: members.length };
      },
      onSlotChange: () => this.#mesh.announce(),
    });
    this.#server = new JobServer({
      provider: options.local,
      sharing: () => this.#sharing,
      load: () => this.#load(),
      onChange: () => this.refresh(),
      onRefused: () => {
        // The next heartbeat goes out even if it says what the last one said.
        this.#lastBeat = "";
        this.refresh();
      },
    });
  }

  get signaling(): SignalingState {
    return this.#presence.state;
  }

  /** The members that have introduced themselves. */
  get peers(): readonly RemotePeer[] {
    return [...this.#peers.values()].filter((peer) => peer.heartbeat !== undefined);
  }

  /** Jobs of peers that run here now. */
  get serving(): number {
    return this.#server.running;
  }

  /** Starts, changes or ends sharing this device. Ending it while jobs run moves them elsewhere, if `stopJobs`. */
  share(sharing: Sharing | undefined, stopJobs: boolean): void {
    this.#sharing = sharing;
    if (!sharing && stopJobs) this.#server.stop("It no longer shares its device.");
    this.#server.sharingChanged();
    this.refresh();
  }

  /** Tells the room about this node as it is now; at most once a second, and only when something changed. */
  refresh(): void {
    if (this.#hasLeft) return;
    this.emit("change", undefined);
    const due = this.#beatAt + HEARTBEAT_MS - performance.now();
    if (due <= 0) this.#sendHeartbeats();
    else this.#beat ??= setTimeout(() => this.#sendHeartbeats(), due);
  }

  /** Begins a link without any server: the text goes to a member by hand, and its answer comes back to `accept`. */
  async offerByHand(): Promise<{ readonly text: string; accept(answer: string): Promise<void>; cancel(): void }> {
    const offer = await this.#options.hand.offer();
    return { ...offer, accept: async (answer) => this.#mesh.introduce(await offer.accept(answer), false) };
  }

  /** Answers such an offer; the result goes back by hand, and the link comes up by itself. */
  async answerByHand(offer: string): Promise<string> {
    const answer = await this.#options.hand.answer(offer);
    void answer.link.then((raw) => this.#mesh.introduce(raw, false)).catch(() => undefined);
    return answer.text;
  }

  /** Says good-bye and leaves. Synchronous, so that it works while the page goes away. */
  leave(): void {
    this.#hasLeft = true;
    clearTimeout(this.#beat);
    this.#server.stop("It has left the room.");
    this.#mesh.close(LEFT_ROOM);
    this.#rendezvous.close();
    this.#presence.close();
  }

  async #start(): Promise<void> {
    this.#presence.on("state", () => this.emit("change", undefined));
    this.#presence.on("link", (link) => void this.#mesh.introduce(link, false));
    this.#presence.on("online", () => {
      this.#mesh.announce();
      this.#rendezvous.nudge();
    });
    this.#mesh.on("joined", (member) => this.#joined(member));
    this.#mesh.on("left", ({ member, reason }) => this.#left(member, reason));
    this.#mesh.on("refused", (error) => this.emit("refused", error));
    await this.#presence.start();
    const met = new Promise<void>((resolve) => this.#mesh.on("joined", () => resolve()));
    this.lookedAround = Promise.race([this.#rendezvous.start(), met]);
  }

  async #dial(address: string) {
    const foothold = this.#presence.foothold;
    if (!foothold) throw new Error("offline");
    return foothold.endpoint.dial(address, { timeoutMs: MEMBER_DIAL_MS, signal: new AbortController().signal });
  }

  #joined(member: Member): void {
    const peer = new RemotePeer(member);
    this.#peers.set(member.did, peer);
    member.onFrame = (frame) => this.#receive(member, peer, frame);
    member.link.post("heartbeat", this.#heartbeat());
    this.emit("change", undefined);
  }

  #left(member: Member, reason: string): void {
    this.#server.lost(member.link);
    if (reason === ROOM_FULL) {
      const text = `“${this.invite.name}” cannot take more devices: ${reason}. Ask somebody to leave, then join again.`;
      this.emit("refused", new MicrogridError("peer-refused", text));
    }
    if (this.#peers.get(member.did)?.session !== member.session) return;
    this.#peers.delete(member.did);
    this.#rendezvous.nudge();
    this.emit("change", undefined);
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
        peer.jobs.receive(frame);
        break;
      case "hello":
      case "members":
      case "relay":
        member.link.close(`protocol error: it sent ${frame.kind} twice`);
        break;
    }
  }

  #sendHeartbeats(): void {
    clearTimeout(this.#beat);
    this.#beat = undefined;
    const heartbeat = this.#heartbeat();
    const text = JSON.stringify(heartbeat);
    if (text === this.#lastBeat) return;
    this.#lastBeat = text;
    this.#beatAt = performance.now();
    for (const { link } of this.#mesh.members.values()) link.post("heartbeat", heartbeat);
  }

  #heartbeat() {
    const profile = this.#options.profile();
    const name = profile.name.slice(0, MAX_NAME_CHARS);
    const device = profile.device.slice(0, MAX_DEVICE_CHARS);
    const gpu = profile.gpu.slice(0, MAX_GPU_CHARS);
    const sharing = this.#sharing;
    const offers = this.#options.local
      .models()
      .filter(({ model }) => sharing?.models.has(model) && model.length <= MAX_MODEL_CHARS)
      .slice(0, MAX_OFFERS);
    return { name, device, gpu, sharing: sharing !== undefined, load: this.#load(), offers: offers.map(wireOffer) };
  }

  #load(): PeerLoad {
    const { visible, battery, tokenRate, ownJobs } = this.#options.profile();
    const running = this.#server.running + ownJobs;
    return { running, queued: this.#server.queued, tokenRate, visible, ...(battery !== undefined && { battery }) };
  }
}

/** An offer without the fields that are not known yet. */
function wireOffer({ prefillRate, decodeRate, ...offer }: ModelOffer) {
  return {
    ...offer,
    name: offer.name.slice(0, MAX_MODEL_CHARS),
    ...(prefillRate !== undefined && { prefillRate }),
    ...(decodeRate !== undefined && { decodeRate }),
  };
}
