/** The room of a node: entering, governing, sharing, leaving. Keeps `room` of the state up to date. */
import { MicrogridError, quotedName } from "../../core";
import type { Keep, Signer } from "../../identity";
import type { DeviceInfo } from "../../inference";
import { type MemberContext, type RoomOptions, RoomSession, inviteToUrl, parseInvite } from "../../room";
import { answerByHand, offerByHand, openPeerJsTransport } from "../../wire";
import type { NodeHouse } from "../house";
import type { GridConfig } from "../config";
import type { LocalProvider } from "../local-provider";
import type { SharedProvider } from "../shared-provider";
import type { NodePipelines } from "../pipelines";
import type { StateStore } from "../state-store";
import type { CharterOptions, RoomPreview, ShareOptions } from "../types";
import { AGENT } from "./agent";
import { LastRoom, recallShare, rememberShare } from "./habits";
import { ManualLinks } from "./manual-links";
import { memberOf } from "./member";
import { RememberedRooms } from "./remembered-rooms";
import { OwnRights } from "./own-rights";
import { RoomDisplay } from "./room-display";
import { previewOf } from "./preview";
import { RoomNotices } from "./room-notices";
import { Sharing } from "./sharing";
import { foundRoom } from "./terms";

interface NodeRoomOptions {
  readonly config: GridConfig;
  readonly signer: Signer;
  readonly house: NodeHouse;
  /** Where the node's key is kept. */
  readonly keep: Keep;
  readonly device: DeviceInfo;
  readonly local: LocalProvider;
  /** All providers with which this node answers the room. */
  readonly own: SharedProvider;
  readonly pipelines: NodePipelines;
  readonly store: StateStore;
  /** Address of the page, which invites lead to. */
  readonly pageUrl: string;
  /** Called when the state that the node should remember has changed. */
  onChange(): void;
}

/** The node's room; it is in at most one at a time. */
export class NodeRoom {
  readonly #options: NodeRoomOptions;
  readonly #sharing: Sharing;
  /** Links without any server. */
  readonly hand = new ManualLinks();
  readonly #own: OwnRights;
  readonly #member: MemberContext;
  readonly #kept: RememberedRooms;
  readonly #last: LastRoom;
  readonly #notices: RoomNotices;
  #session: RoomSession | undefined;
  /** How the room was entered. */
  #entry: RoomOptions["entry"] | undefined;
  /** The present attempt to enter a room; entering another one, leaving or closing replaces it. */
  #entering: RoomOptions["entry"] | undefined;
  readonly #display: RoomDisplay;

  constructor(options: NodeRoomOptions) {
    this.#options = options;
    this.#own = new OwnRights(options);
    const { house } = options;
    this.#member = memberOf(options);
    this.#notices = new RoomNotices(options.store);
    this.#kept = new RememberedRooms(house, this.#member, (room) => this.#notices.notKept(room));
    this.#last = new LastRoom(options.store);
    this.#sharing = new Sharing(options, () => this.refresh());
    this.#display = new RoomDisplay(options, {
      session: () => this.#session,
      rights: this.#own,
      sharing: this.#sharing,
    });
    house.on("change", () => void this.#houseChanged());
    house.on("revocation", (signed) => this.#session?.heard(signed));
  }

  get session(): RoomSession | undefined {
    return this.#session;
  }

  /** Like `session`, but throws `bad-request` outside of rooms. */
  get current(): RoomSession {
    if (this.#session) return this.#session;
    throw new MicrogridError("bad-request", "Open or join a room first.");
  }

  /** Finds the room again after a reload: the room itself if its membership was kept, else the invite. */
  get memory(): { readonly room?: string; readonly invite?: string } {
    const entry = this.#entering ?? this.#entry;
    if (!entry) return {};
    if ("membership" in entry) return { room: entry.membership.genesis.roomId, invite: this.#own.invite };
    return { room: entry.invite.roomId, invite: inviteToUrl(entry.invite, this.#options.pageUrl) };
  }

  /** Memory that the user gives to layers, in bytes; undefined until the user has decided. */
  get givenBytes(): number | undefined {
    return this.#sharing.givenBytes;
  }

  get shared(): ShareOptions | undefined {
    return this.#sharing.wanted;
  }

  /** Whether the user has said that layers are not welcome here. */
  get declinedLayers(): boolean {
    return this.#sharing.declined;
  }

  /** Opens a new room, founded by this node's house if its key is here, else by this node. */
  async create(name: string, charter: CharterOptions): Promise<void> {
    const { config, signer, house } = this.#options;
    const founder = (await house.signer()) ?? signer;
    const around = { founder, servers: config.signaling, delegation: house.delegation() };
    await this.#enter({ membership: await foundRoom(name, charter, around) });
  }

  /** Enters the room of an invite: as a member if this node is one already, else as a guest that knocks. */
  async join(link: string): Promise<void> {
    const invite = parseInvite(link);
    if (this.#session?.roomId === invite.roomId && !this.#entering) return;
    await this.#enter((await this.#kept.recall(invite.roomId, invite)) ?? { invite });
  }

  /** Enters a remembered room. */
  async enter(roomId: string): Promise<void> {
    const entry = await this.#kept.recall(roomId);
    if (!entry) {
      throw new MicrogridError("bad-request", "This room can be entered with an invite only. Ask a member for one.");
    }
    await this.#enter(entry);
    this.#shareAgain(roomId);
  }

  /** Offers to go back to the room that was open when the page was closed. */
  offerReturn(): Promise<void> {
    return this.#last.offer(() => this.#session !== undefined || this.#entering !== undefined);
  }

  /** Returns to the room in which the node was before a reload. */
  async resume({
    room,
    invite = "",
  }: {
    readonly room?: string | undefined;
    readonly invite?: string | undefined;
  }): Promise<void> {
    const entry = room === undefined ? undefined : await this.#kept.recall(room);
    if (entry) await this.#enter(entry);
    else if (invite !== "") await this.join(invite);
  }

  /** Forgets a remembered room. */
  async forget(roomId: string): Promise<void> {
    if (this.#session?.roomId === roomId) this.leave();
    rememberShare(roomId, undefined);
    this.#last.forget(roomId);
    await this.#kept.forget(roomId);
  }

  /** Shows a room before it is entered. */
  preview(link: string, signal: AbortSignal): Promise<RoomPreview> {
    const { config, house } = this.#options;
    return previewOf(link, { config, revocations: house.revocations, notices: this.#notices }, signal);
  }

  /** Offers this device, with limits. If false, it stops sharing, and running jobs move to other devices. */
  share(share: Partial<ShareOptions> | false): void {
    const session = this.current;
    this.#sharing.choose(share);
    rememberShare(session.roomId, this.#sharing.wanted);
    this.#sharing.apply(session);
    if (share === false) this.#notices.sharesNoLonger();
    this.#options.pipelines.follow(session);
    this.#options.onChange();
  }

  /** The user does not want to hold layers for others. */
  declineLayers(): void {
    this.#sharing.declineLayers();
    this.#display.show();
    this.#options.onChange();
  }

  /** Leaves after others have taken over as many of the layers held here as they can. */
  async leaveGently(): Promise<void> {
    const session = this.#session;
    await this.#options.pipelines.handOver("It has left the room.");
    if (this.#session === session) this.leave();
  }

  /** Leaves the room. The membership stays, so that this node can come back. */
  leave(): void {
    this.#clear();
    this.#last.set(undefined);
    this.#options.onChange();
  }

  /** Tells the room that something here has changed: models, name, visibility or load. */
  refresh(): void {
    const session = this.#session;
    if (!session) return;
    this.#sharing.apply(session);
    this.#options.pipelines.follow(session);
  }

  close(): void {
    this.#entering = undefined;
    this.#display.close();
    this.#sharing.close();
    this.#options.pipelines.follow(undefined);
    this.#session?.leave();
    this.#session = undefined;
  }

  async #enter(entry: RoomOptions["entry"]): Promise<void> {
    this.#clear();
    this.#entering = entry;
    this.#options.onChange();
    const { config, house, own, pipelines } = this.#options;
    const session = await RoomSession.enter({
      entry,
      member: this.#member,
      delegation: () => house.delegation(),
      agent: AGENT,
      local: own,
      hand: { offer: () => offerByHand(config.rtc), answer: (offer) => answerByHand(config.rtc, offer) },
      openTransport: (url) => openPeerJsTransport({ url, rtc: config.rtc }),
      profile: () => this.#sharing.profile(),
      keep: (parts) => {
        this.#kept.keep(parts);
        if (this.#session) void this.#own.look(this.#session.membership).then(() => this.#display.showSoon());
      },
    });
    if (this.#entering !== entry) {
      session.leave();
      throw new MicrogridError("closed", `Entering ${quotedName(session.name)} was interrupted.`);
    }
    this.#entering = undefined;
    this.#entry = entry;
    this.#session = session;
    this.#last.set({ id: session.roomId, name: session.name });
    session.on("change", () => {
      pipelines.follow(session);
      if (session.peers.length > 0) this.#notices.noLongerBlocked();
      this.#display.showSoon();
    });
    session.on("out", (error) => this.#isOut(session, error));
    session.on("refused", (error) => this.#notices.refused(error, session.name, session.peers.length === 0));
    pipelines.follow(session);
    await this.#own.look(session.membership);
    this.#display.show();
    this.#options.onChange();
    void this.#tellWhenAlone(session);
  }

  /** A user who shared this room before shares it again. */
  #shareAgain(roomId: string): void {
    const share = recallShare(roomId);
    if (!share) return;
    this.share(share);
    this.#notices.sharesAgain(this.current.name);
  }

  /** Tells the user if nobody else is there. */
  async #tellWhenAlone(session: RoomSession): Promise<void> {
    await session.lookedAround;
    if (session === this.#session) this.#notices.lookedAround(session, this.#own.standing?.founder ?? false);
  }

  /** The room did not let this node in, or removed it. */
  #isOut(session: RoomSession, error: Error): void {
    if (session !== this.#session) return;
    this.leave();
    this.#notices.out(error);
  }

  async #houseChanged(): Promise<void> {
    this.#session?.delegationChanged();
    await this.#own.look(this.#session?.membership);
    this.#display.showSoon();
  }

  /** Resets the state to no room. */
  #clear(): void {
    this.#entering = undefined;
    this.#entry = undefined;
    this.hand.cancelAll();
    this.#options.pipelines.follow(undefined);
    this.#session?.leave();
    this.#session = undefined;
    this.#own.forget();
    this.#sharing.forget();
    this.#display.clear();
    this.#notices.left();
  }
}
