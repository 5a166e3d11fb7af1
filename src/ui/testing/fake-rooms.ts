/** Rooms without a network, as the address of the development page asks for them. */
import { MicrogridError, TypedEventTarget } from "../../core";
import type { Room, Rooms } from "../../grid/contract";
import type {
  CharterOptions,
  CharterState,
  InviteInfo,
  MembershipState,
  PeerState,
  RoomPreview,
  RoomState,
  ShareOptions,
} from "../../grid";
import { type FakeBorder, asked, pause } from "./border";
import {
  fakeCharter,
  fakeHolding,
  fakeKnocks,
  fakePeers,
  fakeProposals,
  fakeWishes,
  hostileName,
} from "./room-fixtures";

const INVITE = `${location.origin}/#/join/${"pGF2AWZyb29tSWR4K0Z2bGZ1c2RmZ2pzZGZs".repeat(5)}`;

export class FakeRooms implements Rooms {
  readonly #border: FakeBorder;
  #entered: Room | undefined;

  constructor(border: FakeBorder) {
    this.#border = border;
  }

  get current(): Room | undefined {
    return this.#border.state().room ? this.#entered : undefined;
  }

  async create({ name, charter }: { name: string; charter?: CharterOptions }): Promise<Room> {
    await pause(300);
    const { founders = [], quorum = 1, ...terms } = charter ?? {};
    const { node } = this.#border.state();
    const own = { founders: [node.house?.did ?? node.did, ...founders], quorum, version: 0 };
    return this.#enter(name, { ...fakeCharter, ...terms, ...own, name });
  }

  async join(): Promise<Room> {
    await pause(800);
    return this.#enter("Physics lab");
  }

  async preview(_invite: string | URL, { signal }: { signal?: AbortSignal } = {}): Promise<RoomPreview> {
    await pause(asked("nobody") ? 1e8 : 700, signal);
    if (asked("refused"))
      throw new MicrogridError("peer-refused", "This invite is used up. Ask whoever gave it to you for a new one.");
    const charter: CharterState = asked("closed")
      ? {
          ...fakeCharter,
          admission: { kind: "houses", houses: [fakeCharter.founders[0]!] },
          founders: [fakeCharter.founders[0]!],
        }
      : asked("guest")
        ? { ...fakeCharter, founders: [fakeCharter.founders[0]!], quorum: 1 }
        : fakeCharter;
    const inside = peers().map((peer) => ({ ...peer, models: peer.offers.map(({ model }) => model) }));
    return {
      roomId: "r",
      foundersHeardAt: Date.now(),
      isConfirmed: true,
      charter: { ...charter, ...(asked("hostile") && { name: hostileName, purpose: hostileName }) },
      inside,
    };
  }

  kept(): Promise<readonly { readonly id: string; readonly name: string }[]> {
    return Promise.resolve(
      asked("kept")
        ? [
            { id: "k", name: "Kitchen table" },
            { id: "l", name: hostileName },
          ]
        : [],
    );
  }

  enter(): Promise<Room> {
    return this.#enter("Kitchen table");
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }

  /** Enters a room at once, as the page's address asks. */
  open(): Promise<Room> {
    return this.#enter("Physics lab");
  }

  inspect(invite: string | URL): InviteInfo {
    if (String(invite).includes("broken")) {
      throw new MicrogridError(
        "invite-malformed",
        "This invite is damaged: a part of the link is missing. Ask for it again, and copy all of it.",
      );
    }
    return {
      roomId: "r",
      name: asked("hostile") ? hostileName : "Physics lab",
      servers: ["https://signal.example.org/"],
      ends: new Date(Date.now() + 86_400_000),
      link: String(invite),
    };
  }

  async #enter(name: string, charter: CharterState = fakeCharter): Promise<Room> {
    const membership: MembershipState = asked("looking")
      ? { kind: "looking" }
      : asked("knocking")
        ? { kind: "knocking" }
        : { kind: "member", founder: !asked("guest") };
    const room: RoomState = {
      id: "room",
      name: asked("hostile") ? hostileName : name,
      invite: asked("guest") ? "" : INVITE,
      membership,
      charter: membership.kind === "looking" ? undefined : charter,
      epoch: 0,
      mayInvite: !asked("guest"),
      knocks: [],
      proposals: asked("proposal") ? fakeProposals : [],
      inviteWarning:
        "This link points to localhost, so it works on this computer only. Start with --https and share the LAN address.",
      signaling: asked("offline") ? "reconnecting" : "connected",
      lanOnly: true,
      peers: membership.kind === "member" ? peers() : [],
      share: false,
      serving: asked("serving") ? 2 : 0,
      servingModels: asked("serving") ? ["guide"] : [],
      answeredToday: 14,
      holding: asked("holding") ? fakeHolding : [],
      layersWanted: [],
    };
    await this.#border.set({ room });
    if (asked("knock")) void pause(1200).then(() => this.#change({ knocks: fakeKnocks }));
    if (asked("wanted")) void pause(1200).then(() => this.#change({ layersWanted: fakeWishes }));
    this.#entered = this.#room(room);
    return this.#entered;
  }

  #room(room: RoomState): Room {
    const drop = (did: string): Promise<void> =>
      this.#change({ knocks: this.#border.state().room!.knocks.filter((knock) => knock.did !== did) });
    return Object.assign(new TypedEventTarget(), {
      id: room.id,
      name: room.name,
      invite: room.invite,
      peers: new Map<string, PeerState>(room.peers.map((peer) => [peer.id, peer])),
      share: (options?: Partial<ShareOptions> | false) => this.#share(options),
      leave: async ({ now = false } = {}) => {
        if (asked("holding") && !now) await pause(8000);
        if (asked("leave-fails"))
          throw new MicrogridError("worker-crashed", "The tab that holds the room does not answer. Try again.");
        await this.#border.set({ room: undefined });
      },
      offerByHand: () => Promise.resolve({ text: "b2ZmZXI".repeat(160), accept: () => Promise.resolve() }),
      answerByHand: () => Promise.resolve("YW5zd2Vy".repeat(160)),
      makeInvite: () => pause(300).then(() => `${INVITE}LWxpbWl0ZWQ`),
      admit: drop,
      decline: drop,
      remove: async (dids: string | readonly string[]) => {
        const did = String(dids);
        await pause(400);
        await this.#change({ peers: this.#border.state().room!.peers.filter((peer) => peer.did !== did) });
      },
      amend: async (changes: Partial<CharterState>) => {
        await pause(400);
        const charter = this.#border.state().room?.charter ?? fakeCharter;
        await this.#change({ charter: { ...charter, ...changes, version: charter.version + 1 } });
      },
      declineLayers: async () => {
        await pause(200);
        await this.#change({ layersWanted: [] });
      },
      endorse: async () => {
        await pause(400);
        await this.#change({ proposals: [] });
      },
    });
  }

  #share(options?: Partial<ShareOptions> | false): Promise<void> {
    const defaults: ShareOptions = {
      models: "all",
      maxJobs: 2,
      onlyWhileVisible: false,
      pauseOnBattery: true,
      layers: false,
      layersBytes: 4e9,
    };
    const before = this.#border.state().room?.share;
    if (options === false) return this.#change({ share: false });
    const kept = before ? before.options : {};
    const layersWanted = options?.layers === undefined ? this.#border.state().room!.layersWanted : [];
    return this.#change({ layersWanted, share: { options: { ...defaults, ...kept, ...options }, paused: undefined } });
  }

  async #change(patch: Partial<RoomState>): Promise<void> {
    const { room } = this.#border.state();
    if (room) await this.#border.set({ room: { ...room, ...patch } });
  }
}

function peers(): readonly PeerState[] {
  if (!asked("hostile")) return fakePeers;
  return fakePeers.map((peer, index) =>
    index === 1
      ? { ...peer, name: hostileName, device: hostileName, house: { did: peer.did, name: hostileName } }
      : peer,
  );
}
