/** The room of a node: entering, sharing, leaving; keeps `room` of the state. */
import { MicrogridError, randomId } from "../../core";
import type { Signer } from "../../identity";
import type { DeviceInfo } from "../../inference";
import { type Invite, type Profile, RoomSession, foundRoom, inviteToUrl, parseInvite } from "../../room";
import { answerByHand, offerByHand, openPeerJsTransport } from "../../wire";
import type { PeerState, RoomState, ShareOptions } from "../types";
import type { GridConfig } from "./config";
import { inviteWarning } from "./invite-warning";
import type { LocalProvider } from "./local-provider";
import type { StateStore } from "./state-store";
import { Surroundings } from "./surroundings";

/** Name and version of this program, as peers see it. */
const AGENT = "microgrid/0.1";
/** Many small changes, such as tokens of several answers, become one change of the state. */
const STATE_INTERVAL_MS = 200;

/** What sharing means where nothing else is said. */
export const DEFAULT_SHARE: ShareOptions = { models: "all", maxJobs: 2, onlyWhileVisible: false, pauseOnBattery: true };

interface NodeRoomOptions {
  readonly config: GridConfig;
  readonly signer: Signer;
  readonly device: DeviceInfo;
  readonly local: LocalProvider;
  readonly store: StateStore;
  /** Address of the page, which invites lead to. */
  readonly pageUrl: string;
  /** Called when what the node should remember has changed. */
  onChange(): void;
}

/** An offer as it crosses tabs. */
export interface HandOfferText {
  readonly id: string;
  readonly text: string;
}

/** At most one room at a time. */
export class NodeRoom {
  readonly #options: NodeRoomOptions;
  readonly #surroundings: Surroundings;
  readonly #offers = new Map<string, Awaited<ReturnType<RoomSession["offerByHand"]>>>();
  #session: RoomSession | undefined;
  /** The room that is being entered; whoever enters another, leaves or closes overtakes it. */
  #entering: { readonly invite: Invite } | undefined;
  #shown = "";
  #share: ShareOptions | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NodeRoomOptions) {
    this.#options = options;
    this.#surroundings = new Surroundings(() => this.refresh());
  }

  get session(): RoomSession | undefined {
    return this.#session;
  }

  /** The invite of the room that this node is in, or about to enter. */
  get invite(): string | undefined {
    const invite = this.#entering?.invite ?? this.#session?.invite;
    return invite && inviteToUrl(invite, this.#options.pageUrl);
  }

  get shared(): ShareOptions | undefined {
    return this.#share;
  }

  async create(name: string): Promise<void> {
    const servers = this.#options.config.signaling;
    if (servers.length === 0) {
      throw new MicrogridError(
        "signaling-unreachable",
        "No signaling server is set for this site, so a room cannot be opened. Whoever runs the site sets one in microgrid.config.json.",
      );
    }
    await this.#enter(await foundRoom(name.trim().slice(0, 40) || "Room", servers));
  }

  async join(link: string): Promise<void> {
    const invite = parseInvite(link);
    if (this.#session?.invite.roomId === invite.roomId && !this.#entering) return;
    await this.#enter(invite);
    const session = this.#session;
    void session?.lookedAround.then(() => {
      if (session !== this.#session || session.peers.length > 0) return;
      const waiting =
        session.signaling === "connected"
          ? `Nobody is in “${invite.name}” at the moment. You are in it now, and will see others when they come.`
          : `“${invite.name}” cannot be looked for, since its signaling server does not answer. This page keeps trying.`;
      this.#options.store.notify({ id: "room-empty", level: "info", text: waiting });
    });
  }

  /** Offers this device, with limits; false ends it, and what runs for others goes on elsewhere. */
  share(share: Partial<ShareOptions> | false): void {
    this.#inRoom();
    this.#share = share === false ? undefined : { ...DEFAULT_SHARE, ...this.#share, ...share };
    this.refresh();
    this.#options.onChange();
  }

  /** Begins a link without any server. The text goes to a member, whose answer `acceptByHand` takes. */
  async offerByHand(): Promise<HandOfferText> {
    const offer = await this.#inRoom().offerByHand();
    const id = randomId(8);
    this.#offers.set(id, offer);
    return { id, text: offer.text };
  }

  async acceptByHand(id: string, answer: string): Promise<void> {
    const offer = this.#offers.get(id);
    if (!offer) throw new MicrogridError("bad-request", "This offer is not open any more. Make a new one.");
    await offer.accept(answer);
    this.#offers.delete(id);
  }

  /** Answers the offer of somebody who wants to come in; the text goes back to them. */
  answerByHand(offer: string): Promise<string> {
    return this.#inRoom().answerByHand(offer);
  }

  leave(): void {
    this.#entering = undefined;
    for (const offer of this.#offers.values()) offer.cancel();
    this.#offers.clear();
    this.#session?.leave();
    this.#session = undefined;
    this.#share = undefined;
    this.#shown = "";
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.store.dismiss("room-empty");
    if (this.#options.store.state.room) this.#options.store.patch({ room: undefined });
    this.#options.onChange();
  }

  /** Something here changed that the room should know: models, name, visibility, load. */
  refresh(): void {
    const session = this.#session;
    if (!session) return;
    const share = this.#share;
    const paused = share && this.#pause(share);
    const models = this.#options.local.models().map(({ model }) => model);
    const shared = share?.models === "all" ? models : models.filter((id) => share?.models.includes(id));
    // A pause lets running jobs end; switching off moves them at once.
    session.share(share && !paused ? { maxJobs: share.maxJobs, models: new Set(shared) } : undefined, !share);
  }

  close(): void {
    this.#entering = undefined;
    clearTimeout(this.#timer);
    this.#surroundings.close();
    this.#session?.leave();
    this.#session = undefined;
  }

  async #enter(invite: Invite): Promise<void> {
    this.leave();
    const entering = { invite };
    this.#entering = entering;
    this.#options.onChange();
    const { config, signer, local } = this.#options;
    const session = await RoomSession.enter({
      invite,
      signer,
      agent: AGENT,
      local,
      hand: { offer: () => offerByHand(config.rtc), answer: (offer) => answerByHand(config.rtc, offer) },
      openTransport: (url) => openPeerJsTransport({ url, rtc: config.rtc }),
      profile: () => this.#profile(),
    });
    if (this.#entering !== entering) {
      session.leave();
      throw new MicrogridError("closed", `Entering “${invite.name}” was cut short.`);
    }
    this.#entering = undefined;
    this.#session = session;
    session.on("change", () => this.#showSoon());
    session.on("refused", (error) => {
      // Lines that come and go are no news; refusals are, by this node or of it.
      const news = ["handshake-failed", "peer-refused"];
      if (error instanceof MicrogridError && !news.includes(error.code)) return;
      this.#options.store.notify({ id: "refused", level: "warning", text: error.message });
    });
    this.#show();
    this.#options.onChange();
  }

  #inRoom(): RoomSession {
    if (this.#session) return this.#session;
    throw new MicrogridError("bad-request", "Open or join a room first.");
  }

  #profile(): Profile {
    const { device, local, store } = this.#options;
    return {
      name: store.state.node.name,
      device: device.label,
      gpu: device.webgpu?.description ?? "",
      visible: this.#surroundings.visible,
      battery: this.#surroundings.battery,
      tokenRate: local.tokenRate,
      ownJobs: local.ownJobs,
    };
  }

  #pause(share: ShareOptions): string | undefined {
    if (share.onlyWhileVisible && !this.#surroundings.visible) return "paused while this page is hidden";
    if (share.pauseOnBattery && this.#surroundings.battery !== undefined)
      return "paused while this device runs on battery";
    return undefined;
  }

  #showSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#show();
    }, STATE_INTERVAL_MS);
  }

  #show(): void {
    const session = this.#session;
    if (!session) return;
    const { config, store } = this.#options;
    if (session.peers.length > 0) store.dismiss("room-empty");
    const invite = inviteToUrl(session.invite, this.#options.pageUrl);
    const room: RoomState = {
      id: session.invite.roomId,
      name: session.invite.name,
      invite,
      inviteWarning: inviteWarning(invite, session.invite.servers),
      signaling: session.signaling,
      lanOnly: (config.rtc.iceServers ?? []).length === 0,
      peers: session.peers.map(peerState),
      share: this.#share ? { options: this.#share, paused: this.#pause(this.#share) } : false,
      serving: session.serving,
    };
    const text = JSON.stringify(room);
    if (text === this.#shown) return;
    this.#shown = text;
    const before = store.state.room?.peers ?? [];
    const same = JSON.stringify(before) === JSON.stringify(room.peers);
    // The same peers stay the same object, so that who watches them is not woken for nothing.
    store.patch({ room: same ? { ...room, peers: before } : room });
  }
}

function peerState(peer: RoomSession["peers"][number]): PeerState {
  const heartbeat = peer.heartbeat;
  const { load } = heartbeat ?? {};
  return {
    id: peer.id,
    did: peer.id,
    name: peer.name,
    device: heartbeat?.device ?? "",
    gpu: heartbeat?.gpu ?? "",
    rttMs: peer.rttMs === undefined ? undefined : Math.round(10 * peer.rttMs) / 10,
    offers: peer.models(),
    load: {
      running: load?.running ?? 0,
      queued: load?.queued ?? 0,
      tokenRate: load?.tokenRate ?? 0,
      visible: load?.visible ?? true,
      battery: load?.battery,
    },
    sharing: heartbeat?.sharing ?? false,
  };
}
