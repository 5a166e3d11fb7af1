/** The room of a node: what its state shows, what its user may do, and what is remembered. The network is in memory. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Did } from "../../core";
import { MemoryKeep, makeEphemeralKey } from "../../identity";
import type { DeviceInfo } from "../../inference";
import { ToyProvider } from "../../inference/testing/toy-provider";
import type { MembershipParts, RoomSession } from "../../room";
import { MemorySignaling } from "../../wire/testing/memory-transport";
import { NodeHouse } from "../house";
import type { LocalProvider } from "../local-provider";
import type { NodePipelines } from "../pipelines";
import { SharedProvider } from "../shared-provider";
import { StateStore } from "../state-store";
import type { GridState } from "../types";
import { NodeRoom } from "./node-room";

const SITE = { signaling: ["http://signal.example/"], rtc: {}, hub: "http://hub.example/" };
let signaling: MemorySignaling;
/** The memberships that the browser stores, by room. */
const stored = new Map<string, MembershipParts>();
/** Whether it has no space left. */
let isFull = false;

vi.mock("../../wire", async (original) => ({ ...(await original<object>()), openPeerJsTransport: () => signaling }));
vi.mock("../../room/membership/store", async (original) => ({
  ...(await original<object>()),
  loadMembership: async (id: string) => stored.get(id),
  saveMembership: async (parts: MembershipParts) => {
    if (isFull) throw new DOMException("no space", "QuotaExceededError");
    stored.set(parts.genesis.roomId, parts);
  },
  forgetMembership: async (id: string) => void stored.delete(id),
}));

interface TestNode {
  readonly did: string;
  readonly room: NodeRoom;
  readonly store: StateStore;
  /** The rooms that the pipelines have followed, and what they were told. */
  readonly followed: (RoomSession | undefined)[];
  readonly handedOver: string[];
  readonly changed: ReturnType<typeof vi.fn>;
}

const nodes: TestNode[] = [];

async function node(name: string): Promise<TestNode> {
  const signer = await makeEphemeralKey();
  const toy = new ToyProvider(signer.did);
  const store = new StateStore({ node: { name }, notices: [], room: undefined } as unknown as GridState);
  const followed: TestNode["followed"] = [];
  const handedOver: string[] = [];
  const changed = vi.fn();
  const keep = new MemoryKeep();
  const room = new NodeRoom({
    config: SITE,
    signer,
    house: await NodeHouse.open({ did: signer.did, keep }),
    keep,
    device: { label: "test", memoryBytes: 8e9 } as unknown as DeviceInfo,
    local: { tokenRate: 0, ownJobs: 0 } as unknown as LocalProvider,
    own: new SharedProvider(
      () => [toy],
      () => undefined,
    ),
    pipelines: {
      held: [],
      wishes: [],
      follow: (session: RoomSession | undefined) => followed.push(session),
      handOver: async (reason: string) => handedOver.push(`${reason} ${room.session ? "inside" : "outside"}`),
    } as unknown as NodePipelines,
    store,
    pageUrl: "https://page.example/",
    onChange: changed,
  });
  nodes.push({ did: signer.did, room, store, followed, handedOver, changed });
  return nodes.at(-1)!;
}

/** Two members of a room that the first has opened. */
async function pair(): Promise<[TestNode, TestNode]> {
  const [ada, ben] = [await node("Ada"), await node("Ben")];
  await ada.room.create("Attic", {});
  const { invite } = ada.store.state.room!;
  // The second is another browser.
  stored.clear();
  await ben.room.join(invite);
  await vi.waitFor(() => {
    expect(ada.store.state.room?.peers.map(({ name }) => name)).toEqual(["Ben"]);
    expect(ben.store.state.room?.peers.map(({ name }) => name)).toEqual(["Ada"]);
  });
  return [ada, ben];
}

beforeEach(() => {
  signaling = new MemorySignaling();
  stored.clear();
  isFull = false;
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
});

afterEach(() => {
  for (const { room } of nodes.splice(0)) room.close();
  vi.unstubAllGlobals();
});

describe("a node", () => {
  it("shows the room that it has created, and passes it to its pipelines", async () => {
    const { room, store, followed, changed } = await node("Ada");
    expect(() => room.current).toThrow(/Open or join a room first/);
    await room.create("Attic", { purpose: "to read" });
    const shown = store.state.room!;
    expect(shown).toMatchObject({ name: "Attic", share: false, lanOnly: true, membership: { founder: true } });
    expect(shown.charter?.purpose).toBe("to read");
    expect(shown.invite).toMatch(/^https:\/\/page\.example\//);
    expect(room.memory).toEqual({ room: shown.id, invite: shown.invite });
    expect(followed.at(-1)).toBe(room.current);
    expect(changed).toHaveBeenCalled();
  });

  it("tells its user once that the browser cannot remember a room, and again when that happens later", async () => {
    isFull = true;
    const { room, store } = await node("Ada");
    const told = () => store.state.notices.filter(({ id }) => id === "room-not-kept").map(({ text }) => text);
    await room.create("Attic", {});
    await vi.waitFor(() => expect(told()).toEqual([expect.stringContaining("cannot remember “Attic”")]));
    store.dismiss("room-not-kept");
    const amend = async (name: string) => room.current.inside!.governance.amend({ name });
    await amend("Loft");
    isFull = false;
    await amend("Cellar");
    await vi.waitFor(() => expect(stored.size).toBe(1));
    expect(told()).toEqual([]);
    isFull = true;
    await amend("Roof");
    await vi.waitFor(() => expect(told()).toEqual([expect.stringContaining("cannot remember “Roof”")]));
  });

  it("meets the nodes that open its invite, and disappears for them when it leaves", async () => {
    const [ada, ben] = await pair();
    expect(ben.store.state.room).toMatchObject({ name: "Attic", membership: { founder: false } });
    const { session } = ben.room;
    await ben.room.join(ada.store.state.room!.invite);
    expect(ben.room.session).toBe(session);
    ben.room.leave();
    expect([ben.store.state.room, ben.room.session, ben.room.memory]).toEqual([undefined, undefined, {}]);
    expect(ben.followed.at(-1)).toBeUndefined();
    await vi.waitFor(() => expect(ada.store.state.room?.peers).toEqual([]));
  });

  it("offers its models within the limits of its user, and stops when told to", async () => {
    const [ada, ben] = await pair();
    const offered = () => ben.store.state.room?.peers[0]?.offers.map(({ model }) => model);
    expect(offered()).toEqual([]);
    ada.room.share({ maxJobs: 1, layers: true, layersBytes: 5 });
    expect([ada.room.shared?.maxJobs, ada.room.givenBytes]).toEqual([1, 5]);
    await vi.waitFor(() => expect(offered()).toEqual(["toy"]));
    ada.room.share({ models: [] });
    await vi.waitFor(() => expect(offered()).toEqual([]));
    ada.room.share(false);
    expect([ada.room.shared, ada.room.declinedLayers, ada.room.givenBytes]).toEqual([undefined, true, 0]);
  });

  it("pauses sharing while its page is hidden, if its user wants that", async () => {
    const [ada, ben] = await pair();
    ada.room.share({ onlyWhileVisible: true });
    const offers = () => ben.store.state.room?.peers[0]?.offers.length;
    await vi.waitFor(() => expect(offers()).toBe(1));
    Object.assign(document, { visibilityState: "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.waitFor(() => expect(offers()).toBe(0));
    await vi.waitFor(() =>
      expect(ada.store.state.room?.share).toMatchObject({ paused: expect.stringMatching(/hidden/) as string }),
    );
  });

  it("hands over the layers that it holds before it leaves", async () => {
    const [ada] = await pair();
    await ada.room.leaveGently();
    expect(ada.handedOver).toEqual(["It has left the room. inside"]);
    expect(ada.room.session).toBeUndefined();
  });

  it("shows that the room is empty until it leaves", async () => {
    const [ada, ben] = await pair();
    const { roomId } = ben.room.current;
    ben.room.leave();
    ada.room.leave();
    await ben.room.enter(roomId);
    const notices = () => ben.store.state.notices.map(({ id }) => id);
    await vi.waitFor(() => expect(notices()).toEqual(["room-empty"]));
    ben.room.leave();
    expect(notices()).toEqual([]);
  });

  it("shows why it was removed from the room", async () => {
    const [ada, ben] = await pair();
    await ada.room.current.requireInside().governance.remove([ben.did as Did]);
    await vi.waitFor(() => expect(ben.store.state.room).toBeUndefined());
    expect(ben.store.state.notices).toMatchObject([{ id: "room-out", level: "error" }]);
  });
});

describe("a room", () => {
  it("is entered again without an invite, until it is forgotten", async () => {
    const { room, store } = await node("Ada");
    await room.create("Attic", {});
    const { id } = store.state.room!;
    room.leave();
    await room.enter(id);
    expect(store.state.room).toMatchObject({ id, membership: { founder: true } });
    room.leave();
    await room.resume({ room: id });
    expect(store.state.room?.id).toBe(id);
    await room.forget(id);
    expect(store.state.room).toBeUndefined();
    await expect(room.enter(id)).rejects.toMatchObject({ code: "bad-request" });
    await room.resume({});
    expect(room.session).toBeUndefined();
  });

  it("is found with its invite after a reload if no membership was kept", async () => {
    const [ada] = await pair();
    const cleo = await node("Cleo");
    stored.clear();
    await cleo.room.resume({ room: ada.room.current.roomId, invite: ada.store.state.room!.invite });
    await vi.waitFor(() => expect(cleo.store.state.room?.peers).toHaveLength(2));
  });

  it.each(["stops sharing", "leaves"])("no longer says that it is shared again once its user %s", async (how) => {
    const values = new Map<string, string>();
    const setItem = (key: string, value: string) => void values.set(key, value);
    vi.stubGlobal("localStorage", { getItem: (key: string) => values.get(key) ?? null, setItem, removeItem: () => 0 });
    onTestFinished(() => void vi.unstubAllGlobals());
    const { room, store } = await node("Ada");
    await room.create("Attic", {});
    const { id } = store.state.room!;
    room.share({});
    room.leave();
    await room.enter(id);
    const notices = () => store.state.notices.map((notice) => notice.id);
    expect(notices()).toContain("shares-again");
    if (how === "leaves") room.leave();
    else room.share(false);
    expect(notices()).not.toContain("shares-again");
  });

  it("names networks that let nothing through, on both sides, until a device comes through", async () => {
    const ada = await node("Ada");
    await ada.room.create("Walls", {});
    await vi.waitFor(() => expect(ada.store.state.room?.invite).toBeTruthy());
    const ben = await node("Ben");
    const told = ({ store }: TestNode) => store.state.notices.map(({ id, text }) => `${id}: ${text.split(",", 1)[0]}`);
    signaling.walled = true;
    const preview = ben.room.preview(ada.store.state.room!.invite, new AbortController().signal);
    await vi.waitFor(() => expect(told(ben)).toEqual(["no-direct-way: A device of “Walls” is there"]));
    expect(told(ada)).toEqual(["no-direct-way: Somebody tries to reach “Walls” on this device"]);
    signaling.walled = false;
    await preview;
    expect(told(ben)).toEqual([]);
    await ben.room.join(ada.store.state.room!.invite);
    await vi.waitFor(() => expect(told(ada)).toEqual([]));
  });

  it("is not entered if its user leaves meanwhile", async () => {
    const { room, store, changed } = await node("Ada");
    changed.mockImplementationOnce(() => room.leave());
    await expect(room.create("Attic", {})).rejects.toMatchObject({ code: "closed" });
    expect([room.session, store.state.room, room.memory]).toEqual([undefined, undefined, {}]);
    await room.create("Cellar", {});
    await room.create("Loft", {});
    expect(store.state.room?.name).toBe("Loft");
  });
});
