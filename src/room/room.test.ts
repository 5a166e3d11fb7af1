/** Rooms over an in-memory signaling server: nodes find each other and stay together. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Signer, makeEphemeralKey } from "../identity";
import { MemorySignaling } from "../wire/testing/memory-transport";
import type { Invite } from "./invite/invite";
import type { SignedTerms, MembershipParts } from "./membership";
import { type RoomOptions, RoomSession } from "./room-session";
import { BARE_NODE, type FoundedRoom, foundTestRoom, memberContext } from "./testing/founding";
import { collect } from "./testing/nodes";
import { ToyProvider, letters, toyRequest } from "../inference/testing/toy-provider";

vi.mock("./constants", async (original) => ({
  ...(await original<object>()),
  LONELY_SCAN_MS: 50,
  SLOT_SCAN_MS: 100,
  RECONNECT_MIN_MS: 10,
  RECONNECT_MAX_MS: 40,
  HEARTBEAT_MS: 5,
  EARLIER_SERVER_MS: 50,
}));

const SERVER = "http://signal.example/";
const sessions: RoomSession[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.leave();
});

interface Node {
  readonly session: RoomSession;
  readonly signer: Signer;
  /** The data that it would have stored for its next start. */
  readonly kept: { parts: MembershipParts | undefined };
  readonly toy: ToyProvider;
  readonly did: string;
}

type Servers = Record<string, MemorySignaling>;

/** Lets a guest enter with the invite. */
async function enter(invite: Invite, signaling: Servers, name = "node"): Promise<Node> {
  return start({ invite }, await makeEphemeralKey(), signaling, name);
}

/** Lets a member enter again with its stored data. */
async function comeBack({ signer, kept }: Node, signaling: Servers): Promise<Node> {
  return start({ membership: kept.parts! }, signer, signaling, "member");
}

/** The founder of a new room enters it. */
async function open(signaling: Servers, terms: Partial<SignedTerms> = {}): Promise<Node & FoundedRoom> {
  const room = await foundTestRoom({ servers: Object.keys(signaling), ...terms });
  return { ...room, ...(await start({ membership: room.parts }, room.founder, signaling, "founder")) };
}

async function start(entry: RoomOptions["entry"], signer: Signer, signaling: Servers, name: string): Promise<Node> {
  const toy = new ToyProvider(signer.did);
  const kept: Node["kept"] = { parts: undefined };
  const session = await RoomSession.enter({
    ...BARE_NODE,
    entry,
    member: memberContext(signer),
    keep: (parts) => (kept.parts = parts),
    local: toy,
    hand: Object.values(signaling)[0]!.hand,
    openTransport: async (url) => signaling[url]!,
    profile: () => ({ name, device: "test", gpu: "", visible: true, battery: undefined, tokenRate: 0, ownJobs: 0 }),
  });
  sessions.push(session);
  return { session, signer, kept, toy, did: signer.did };
}

const together = (nodes: readonly Node[]) =>
  vi.waitFor(() => {
    for (const node of nodes) {
      const others = nodes.filter((other) => other !== node).map(({ did }) => did);
      expect(node.session.peers.map(({ id }) => id as string).sort()).toEqual(others.sort());
    }
  });

async function room(size: number): Promise<{ signaling: MemorySignaling; invite: Invite; nodes: Node[] }> {
  const signaling = new MemorySignaling();
  const founder = await open({ [SERVER]: signaling });
  const { invite } = founder;
  const nodes: Node[] = [founder];
  for (let i = 1; i < size; i++) nodes.push(await enter(invite, { [SERVER]: signaling }, `node ${i}`));
  await together(nodes);
  return { signaling, invite, nodes };
}

describe("nodes with one invite", () => {
  it("are all linked to each other, in whatever order they come", async () => {
    const { invite, signaling, nodes } = await room(2);
    const more = await Promise.all([1, 2, 3, 4].map(() => enter(invite, { [SERVER]: signaling })));
    await together([...nodes, ...more]);
  });

  it("stay apart from another room on the same signaling server", async () => {
    const { signaling, nodes } = await room(2);
    const other = await open({ [SERVER]: signaling }, { name: "Cellar" });
    await other.session.lookedAround;
    expect(other.session.peers).toEqual([]);
    await together(nodes);
  });

  it("merge if two halves could not see each other", async () => {
    const { signaling, nodes } = await room(4);
    const [near, away] = [nodes.slice(0, 2), nodes.slice(2)];
    for (const { session } of away) session.leave();
    await together(near);
    const first = new Set(signaling.endpoints.keys());
    signaling.canReach = (from, to) => first.has(from) === first.has(to);
    const late = await Promise.all(away.map((node) => comeBack(node, { [SERVER]: signaling })));
    await together(late);
    await together(near);
    signaling.canReach = () => true;
    await together([...near, ...late]);
  });

  it("can still enter after the node that opened the room has left", async () => {
    const { signaling, invite, nodes } = await room(3);
    nodes[0]?.session.leave();
    await together(nodes.slice(1));
    const newcomer = await enter(invite, { [SERVER]: signaling });
    await together([...nodes.slice(1), newcomer]);
  });
});

describe("a room that loses signaling", () => {
  it("keeps its links, reports the loss, reconnects by itself, and then admits new nodes", async () => {
    const { signaling, invite, nodes } = await room(2);
    signaling.goDown();
    await vi.waitFor(() =>
      expect(nodes.map(({ session }) => session.signaling)).toEqual(["reconnecting", "reconnecting"]),
    );
    await together(nodes);
    nodes[0]?.session.share({ maxJobs: 1, models: new Set(["toy"]) }, false);
    const asker = nodes[1]!;
    await vi.waitFor(() => expect(asker.session.peers[0]?.models()).toHaveLength(1));
    expect(
      await collect(asker.session.peers[0]!.generate(toyRequest(5), { signal: new AbortController().signal })),
    ).toBe(letters(5));
    signaling.up = true;
    await vi.waitFor(() => expect(nodes.map(({ session }) => session.signaling)).toEqual(["connected", "connected"]));
    await together([...nodes, await enter(invite, { [SERVER]: signaling })]);
  });

  it("can be entered meanwhile, and its members meet when signaling is back", async () => {
    const signaling = new MemorySignaling();
    signaling.up = false;
    const founder = await open({ [SERVER]: signaling });
    const nodes = [founder, await enter(founder.invite, { [SERVER]: signaling })];
    expect(nodes.map(({ session }) => session.signaling)).toEqual(["unreachable", "unreachable"]);
    signaling.up = true;
    await together(nodes);
  });

  it("switches to the next server, and returns to the first one", async () => {
    const servers = { "http://one/": new MemorySignaling(), "http://two/": new MemorySignaling() };
    const founder = await open(servers);
    const { invite } = founder;
    const nodes: Node[] = [founder, await enter(invite, servers)];
    await together(nodes);
    const used = Object.values(servers).find(({ endpoints }) => endpoints.size > 0)!;
    const spare = Object.values(servers).find((server) => server !== used)!;
    used.goDown();
    await vi.waitFor(() => expect(nodes.map(({ session }) => session.signaling)).toEqual(["connected", "connected"]));
    await together([...nodes, await enter(invite, servers)]);
    used.up = true;
    await vi.waitFor(() => expect(spare.endpoints.size).toBe(0));
  });
});

describe("a room without any server", () => {
  it("admits a node by a manual link, and links it to all others through that member", async () => {
    const { signaling, invite, nodes } = await room(3);
    signaling.goDown();
    const newcomer = await enter(invite, { [SERVER]: signaling });
    expect(newcomer.session.peers).toEqual([]);
    const offer = await newcomer.session.offerByHand();
    const answer = await nodes[1]!.session.answerByHand(offer.text);
    await offer.accept(answer);
    await together([...nodes, newcomer]);
  });
});
