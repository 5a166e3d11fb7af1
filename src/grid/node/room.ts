/** The room of a node: entering, governing, sharing, leaving; keeps `room` of the state. */
import { type Did, MicrogridError, type RoomId, randomId } from "../../core";
import type { Signer } from "../../identity";
import type { DeviceInfo } from "../../inference";
import {
  type CharterTerms,
  type MembershipParts,
  type Profile,
  type RoomOptions,
  RoomSession,
  type Standing,
  forgetMembership,
  found,
  inviteToUrl,
  loadMembership,
  parseInvite,
  previewRoom,
  saveMembership,
} from "../../room";
import { answerByHand, offerByHand, openPeerJsTransport } from "../../wire";
import type { InviteOptions } from "../contract";
import type { NodeHouse } from "../house";
import type { CharterOptions, RoomPreview, RoomState, ShareOptions } from "../types";
import type { GridConfig } from "./config";
import { inviteWarning } from "./invite-warning";
import type { LocalProvider } from "./local-provider";
import { roomPreview, roomState } from "./room-state";
import type { StateStore } from "./state-store";
import { Surroundings } from "./surroundings";

/** Name and version of this program, as peers see it. */
const AGENT = "microgrid/0.1";
/** Many small changes, such as tokens of several answers, become one change of the state. */
const STATE_INTERVAL_MS = 200;

/** How long an invite lets others in where nothing else is said, and how many of them: any number. */
const INVITE_DAYS = 30;
const DAY_MS = 86_400_000;
const MAX_ROOM_NAME_CHARS = 40;

/** The rules of a room where nothing else is said. */
const DEFAULT_TERMS: Omit<CharterTerms, "name" | "servers"> = {
  purpose: "",
  admission: { kind: "invite" },
  invites: "members",
  models: "any",
  limits: {},
  contribution: "welcome",
  endpoints: true,
  federation: false,
  logs: "",
};

/** What sharing means where nothing else is said. */
export const DEFAULT_SHARE: ShareOptions = { models: "all", maxJobs: 2, onlyWhileVisible: false, pauseOnBattery: true };

interface NodeRoomOptions {
  readonly config: GridConfig;
  readonly signer: Signer;
  readonly house: NodeHouse;
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
  /** How it was entered. */
  #entry: RoomOptions["entry"] | undefined;
  /** The way in that is being taken; whoever enters another, leaves or closes overtakes it. */
  #entering: RoomOptions["entry"] | undefined;
  /** The invite that others get, as a link. */
  #invite = "";
  #standing: Standing | undefined;
  /** Dids whose keys are on this device. */
  #keys: readonly string[] = [];
  #kept: Promise<void> = Promise.resolve();
  #shown = "";
  #share: ShareOptions | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NodeRoomOptions) {
    this.#options = options;
    this.#surroundings = new Surroundings(() => this.refresh());
    options.house.on("change", () => void this.#houseChanged());
    options.house.on("revocation", (signed) => this.#session?.heard(signed));
  }

  get session(): RoomSession | undefined {
    return this.#session;
  }

  /** What finds the room again after a reload: the room itself where its membership was kept, else the invite. */
  get memory(): { readonly room: string; readonly invite: string | undefined } | undefined {
    const entry = this.#entering ?? this.#entry;
    if (!entry) return undefined;
    const invite = "invite" in entry ? inviteToUrl(entry.invite, this.#options.pageUrl) : this.#invite;
    const room = "invite" in entry ? entry.invite.roomId : entry.membership.genesis.roomId;
    return { room, invite: invite === "" ? undefined : invite };
  }

  get shared(): ShareOptions | undefined {
    return this.#share;
  }

  /** Opens a new room, founded by this node's house where its key is here, else by this node. */
  async create(name: string, { founders = [], quorum = 1, ...terms }: CharterOptions): Promise<void> {
    const { config, signer, house } = this.#options;
    const servers = terms.servers ?? config.signaling;
    if (servers.length === 0) {
      throw new MicrogridError(
        "signaling-unreachable",
        "No signaling server is set for this site, so a room cannot be opened. Set one in the settings; whoever runs the site sets one in microgrid.config.json.",
      );
    }
    const founder = (await house.signer()) ?? signer;
    const roomName = name.trim().slice(0, MAX_ROOM_NAME_CHARS) || "Room";
    const membership = await found({
      name: roomName,
      signers: [founder],
      founders: [...new Set([founder.did, ...(founders as readonly Did[])])],
      quorum,
      terms: wireTerms({ ...DEFAULT_TERMS, ...terms, servers, name: roomName }) as CharterTerms,
      delegation: house.delegation(),
    });
    await this.#enter({ membership });
  }

  /** Enters the room of an invite: as the member that this node is already, else as a guest who knocks. */
  async join(link: string): Promise<void> {
    const invite = parseInvite(link);
    if (this.#session?.roomId === invite.roomId && !this.#entering) return;
    const membership = await this.#recall(invite.roomId);
    await this.#enter(membership ? { membership } : { invite });
  }

  /** Goes on where the node was before a reload. */
  async resume({
    room,
    invite,
  }: {
    readonly room?: string | undefined;
    readonly invite?: string | undefined;
  }): Promise<void> {
    const membership = room === undefined ? undefined : await this.#recall(room as RoomId);
    if (membership) await this.#enter({ membership });
    else if (invite !== undefined) await this.join(invite);
  }

  /** Shows a room before it is entered. */
  async preview(link: string, signal: AbortSignal): Promise<RoomPreview> {
    const { config, house } = this.#options;
    const welcome = await previewRoom({
      invite: parseInvite(link),
      agent: AGENT,
      openTransport: (url) => openPeerJsTransport({ url, rtc: config.rtc }),
      revocations: house.revocations,
      signal,
    });
    return roomPreview(welcome);
  }

  async makeInvite({ uses = 0, endsAt }: InviteOptions): Promise<string> {
    const { membership } = this.#inRoom();
    if (!membership) throw new MicrogridError("bad-request", "This device is not in the room yet.");
    const notAfter = endsAt?.getTime() ?? Date.now() + INVITE_DAYS * DAY_MS;
    if (!(notAfter > Date.now()))
      throw new MicrogridError("bad-request", "The end of an invite has to be in the future.");
    if (!Number.isSafeInteger(uses) || uses < 0) {
      throw new MicrogridError("bad-request", "An invite lets in a whole number of devices.");
    }
    return inviteToUrl(await membership.invite({ uses, notAfter }), this.#options.pageUrl);
  }

  answerKnock(did: string, admit: boolean): void {
    this.#inRoom().answerKnock(did as Did, admit);
  }

  remove(did: string): Promise<void> {
    return this.#inRoom().remove(did as Did);
  }

  amend(changes: Partial<CharterOptions> & { readonly name?: string }): Promise<void> {
    const { founders: _founders, quorum: _quorum, ...terms } = changes;
    return this.#inRoom().amend(wireTerms(terms) as Partial<CharterTerms>);
  }

  endorse(proposal: string): Promise<void> {
    return this.#inRoom().endorse(proposal);
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

  /** Leaves for good: whoever comes back needs an invite again. */
  leave(): void {
    const roomId = this.#session?.roomId;
    if (roomId !== undefined) this.#kept = this.#kept.then(() => forgetMembership(roomId as RoomId));
    this.#forget();
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

  async #enter(entry: RoomOptions["entry"]): Promise<void> {
    if (this.#session) this.leave();
    this.#forget();
    this.#entering = entry;
    this.#options.onChange();
    const { config, house, local, signer } = this.#options;
    const session = await RoomSession.enter({
      entry,
      member: {
        signer,
        governors: async () => [await house.signer()].filter((key) => key !== undefined),
        revocations: house.revocations,
        hear: (signed) => house.hear(signed),
      },
      delegation: () => house.delegation(),
      agent: AGENT,
      local,
      hand: { offer: () => offerByHand(config.rtc), answer: (offer) => answerByHand(config.rtc, offer) },
      openTransport: (url) => openPeerJsTransport({ url, rtc: config.rtc }),
      profile: () => this.#profile(),
      keep: (parts) => this.#keep(parts),
    });
    if (this.#entering !== entry) {
      session.leave();
      throw new MicrogridError("closed", `Entering “${session.name}” was cut short.`);
    }
    this.#entering = undefined;
    this.#entry = entry;
    this.#session = session;
    session.on("change", () => this.#showSoon());
    session.on("out", (error) => this.#isOut(session, error));
    session.on("refused", (error) => {
      // Lines that come and go are no news; refusals are, by this node or of it.
      const news = ["handshake-failed", "peer-refused"];
      if (error instanceof MicrogridError && !news.includes(error.code)) return;
      this.#options.store.notify({ id: "refused", level: "warning", text: error.message });
    });
    await this.#lookAtSelf();
    this.#show();
    this.#options.onChange();
    this.#tellWhenAlone(session);
  }

  /** Says so where nobody is there. */
  #tellWhenAlone(session: RoomSession): void {
    // Who opens a room knows that nobody else is there yet.
    if (
      this.#entry &&
      "membership" in this.#entry &&
      session.membership?.charter.version === 0 &&
      this.#standing?.founder
    )
      return;
    void session.lookedAround.then(() => {
      if (session !== this.#session || session.peers.length > 0) return;
      const { name, stage } = session;
      const there =
        stage === "inside"
          ? `Nobody is in “${name}” at the moment. You are in it now, and will see others when they come.`
          : `Nobody is in “${name}” at the moment to let you in. This page waits, and goes in when somebody comes.`;
      const unreachable = `“${name}” cannot be looked for, since its signaling server does not answer. This page keeps trying.`;
      const text = session.signaling === "connected" ? there : unreachable;
      if (stage !== "knocking") this.#options.store.notify({ id: "room-empty", level: "info", text });
    });
  }

  /** The room did not let this node in, or removed it. */
  #isOut(session: RoomSession, error: Error): void {
    if (session !== this.#session) return;
    this.leave();
    this.#options.store.notify({ id: "refused", level: "error", text: error.message });
  }

  #keep(parts: MembershipParts): void {
    const { house } = this.#options;
    for (const did of parts.genesis.founders) house.known.add(did);
    this.#kept = this.#kept.then(() => saveMembership(parts));
    void this.#lookAtSelf().then(() => this.#showSoon());
  }

  /** The membership that was kept, if it still holds. */
  async #recall(roomId: RoomId): Promise<MembershipParts | undefined> {
    await this.#kept;
    return loadMembership(roomId);
  }

  async #houseChanged(): Promise<void> {
    this.#session?.delegationChanged();
    await this.#lookAtSelf();
    this.#showSoon();
  }

  /** What this node may do in the room, which takes signatures to find out. */
  async #lookAtSelf(): Promise<void> {
    const { house, signer, pageUrl } = this.#options;
    const membership = this.#session?.membership;
    const standing = await membership?.ownStanding().catch(() => undefined);
    const houseKey = await house.signer();
    const invite = await membership?.standingInvite().catch(() => undefined);
    if (membership !== this.#session?.membership) return;
    this.#standing = standing;
    this.#keys = [signer.did, ...(houseKey ? [houseKey.did] : [])];
    this.#invite = invite ? inviteToUrl(invite, pageUrl) : "";
  }

  #forget(): void {
    this.#entering = undefined;
    this.#entry = undefined;
    for (const offer of this.#offers.values()) offer.cancel();
    this.#offers.clear();
    this.#session?.leave();
    this.#session = undefined;
    this.#standing = undefined;
    this.#invite = "";
    this.#share = undefined;
    this.#shown = "";
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.store.dismiss("room-empty");
    if (this.#options.store.state.room) this.#options.store.patch({ room: undefined });
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
    const room: RoomState = roomState(session, {
      invite: this.#invite,
      inviteWarning: this.#invite === "" ? undefined : inviteWarning(this.#invite, session.servers),
      lanOnly: (config.rtc.iceServers ?? []).length === 0,
      share: this.#share ? { options: this.#share, paused: this.#pause(this.#share) } : false,
      keys: this.#keys,
      standing: this.#standing,
    });
    const text = JSON.stringify(room);
    if (text === this.#shown) return;
    this.#shown = text;
    const before = store.state.room?.peers ?? [];
    const same = JSON.stringify(before) === JSON.stringify(room.peers);
    // The same peers stay the same object, so that who watches them is not woken for nothing.
    store.patch({ room: same ? { ...room, peers: before } : room });
  }
}

/** Terms as they are signed: what is undefined is absent. They are checked when they are. */
function wireTerms<T extends object>(terms: T): T {
  return JSON.parse(JSON.stringify(terms)) as T;
}
