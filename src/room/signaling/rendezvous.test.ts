/** Slots of a room: who holds them, whose word about them counts, and that they change with the epoch. */
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Bytes, DAY_MS, type Did, type PeerId, randomBytes, randomId } from "../../core";
import { makeEphemeralKey } from "../../identity";
import { MemorySignaling } from "../../wire/testing/memory-transport";
import { SLOT_COUNT } from "../constants";
import { AddressSchema } from "../door/protocol";
import { TestNodes, eventually, together } from "../testing/nodes";
import { Rendezvous } from "./rendezvous";
import type { KnownClaim } from "./slot-witness";
import { dayOf, rendezvousSecret, slotIds } from "./slots";

vi.mock("../constants", async (original) => ({
  ...(await original<object>()),
  LONELY_SCAN_MS: 20,
  SLOT_SCAN_MS: 20,
  RECONNECT_MIN_MS: 10,
  HEARTBEAT_MS: 5,
  REFUSED_AFTER_MS: 150,
  GOODBYE_MS: 20,
}));

let signaling: MemorySignaling;
let secrets: [Bytes, ...Bytes[]];
let now: number;
const running: Rendezvous[] = [];
beforeEach(() => {
  signaling = new MemorySignaling();
  secrets = [randomBytes(16)];
  now = 1_000 * DAY_MS;
});
afterEach(() => {
  for (const each of running.splice(0)) each.close();
  vi.restoreAllMocks();
});

/** The slots of an epoch that anybody is registered under. */
async function taken(secret: Bytes, day = dayOf(now)): Promise<number[]> {
  const ids = await slotIds(secret, day);
  return ids.flatMap((id, slot) => (signaling.endpoints.has(id) ? [slot] : []));
}

/** A claim of a member in a branch of its own, unless another one is given. */
function claimOf(did: Did, slot: number, branch = did): KnownClaim {
  return { did, slot, branch };
}

/** A member that knows `claims` of the others, and meets those of `holders`, by their slots; nobody else here answers for a member. */
async function looking(
  claims: () => readonly KnownClaim[],
  members: number,
  holders: readonly Did[] = [],
): Promise<Rendezvous> {
  const address = randomId(16) as PeerId;
  const endpoint = await signaling.open(address, { signal: new AbortController().signal });
  if (endpoint === "taken") throw new Error("an address was taken");
  let met = 0;
  const rendezvous = new Rendezvous({
    secrets: () => Promise.resolve(secrets),
    registration: () => ({ transport: signaling, endpoint, address, url: "memory" }),
    meet: async (link) => {
      link.close("met");
      return holders[met++];
    },
    mayHold: true,
    known: () => ({ claims: claims(), members, nodes: members + 1 }),
    onNoDirectWay: () => undefined,
    onSlotChange: () => undefined,
    now: () => now,
  });
  running.push(rendezvous);
  await rendezvous.start();
  return rendezvous;
}

describe("the ids of slots", () => {
  it("look like the addresses of nodes to a signaling server", async () => {
    const ids = await slotIds(new Uint8Array(32), 20_000);
    for (const id of ids) expect(v.is(AddressSchema, id)).toBe(true);
    expect(new Set(ids).size).toBe(SLOT_COUNT);
  });
});

describe("a slot", () => {
  it("is won by a node that is alone, and moves with the day", async () => {
    await looking(() => [], 0);
    await vi.waitFor(async () => expect(await taken(secrets[0])).toEqual([0]));
    now += DAY_MS;
    await vi.waitFor(async () => expect(await taken(secrets[0])).toEqual([0]));
    expect(await taken(secrets[0], dayOf(now) - 1)).toEqual([]);
  });

  it("is held by its holder on the next day, however many members say that they hold others", async () => {
    const liars = await Promise.all([0, 1, 2].map(async (slot) => claimOf((await makeEphemeralKey()).did, slot)));
    let claims: KnownClaim[] = [];
    const holder = await looking(() => claims, 1);
    expect(holder.slot).toBe(0);
    claims = liars;
    now += DAY_MS;
    await vi.waitFor(async () => expect(await taken(secrets[0])).toEqual([0]));
    expect(holder.slot).toBe(0);
  });

  it("that somebody only says it holds is looked at, and its word then counts for nothing", async () => {
    const claims = await Promise.all([0, 1, 2].map(async (slot) => claimOf((await makeEphemeralKey()).did, slot)));
    const silent = new AbortController().signal;
    const ids = await slotIds(secrets[0], dayOf(now));
    const others = await Promise.all(ids.map((id) => signaling.open(id, { signal: silent })));
    const member = await looking(() => claims, 3);
    expect(member.slot).toBeUndefined();
    // As far as the claims go, there are enough holders. Nobody would look if nobody checked.
    for (const endpoint of others.slice(3)) if (endpoint !== "taken") endpoint.close();
    await vi.waitFor(() => expect(member.slot).toBe(3));
  });

  it.each([
    ["is held beside those of three keys of one member", "one branch", 3],
    ["is left to others where three members hold slots", undefined, undefined],
  ])("%s", async (_, branch, expected) => {
    const ids = await slotIds(secrets[0], dayOf(now));
    const { signal } = new AbortController();
    for (const id of ids.slice(0, 3)) await signaling.open(id, { signal });
    const dids = (await Promise.all([0, 1, 2].map(() => makeEphemeralKey()))).map(({ did }) => did);
    const claims = dids.map((did, slot) => claimOf(did, slot, (branch as Did | undefined) ?? did));
    const open = vi.spyOn(signaling, "open");
    const member = await looking(() => claims, 0, dids);
    // It has met all three then, and has walked all slots.
    await vi.waitFor(() => expect(open.mock.calls.map(([id]) => id)).toContain(ids.at(-1)));
    expect(member.slot).toBe(expected);
  });

  it("of the epoch before stays held, and those of epochs long ago do not", async () => {
    const rendezvous = await looking(() => [], 0);
    const [first, second] = [secrets[0], randomBytes(16)];
    secrets = [second, first];
    rendezvous.nudge();
    await vi.waitFor(async () => expect([await taken(first), await taken(second)]).toEqual([[0], [0]]));
    secrets = [second];
    rendezvous.nudge();
    await vi.waitFor(async () => expect([await taken(first), await taken(second)]).toEqual([[], [0]]));
  });
});

describe("the slots of a room", () => {
  let nodes: TestNodes;
  beforeEach(() => (nodes = new TestNodes(signaling)));
  afterEach(() => nodes.leave());

  it("cannot be squatted by a removed member, who does not know those of the next epoch", async () => {
    const founder = await nodes.open();
    const [removed, member] = [await nodes.enter(founder.invite), await nodes.enter(founder.invite)];
    await together([founder, removed, member]);
    const before = removed.kept.parts!.epochs;
    await founder.session.inside!.governance.remove([removed.did as Did]);
    await together([founder, member]);
    await eventually(() => expect(removed.out.reason).toBeDefined());
    removed.session.leave();
    // It takes all that it can compute, for today and for the days to come.
    const known = await rendezvousSecret(before.secret);
    for (const day of [0, 1].map((ahead) => dayOf(Date.now()) + ahead))
      for (const id of await slotIds(known, day)) await signaling.open(id, { signal: new AbortController().signal });
    const invite = await founder.session.membership!.invites.current();
    const newcomer = await nodes.enter(invite);
    await together([founder, member, newcomer]);
  });

  it("of the epoch in which a member went away lead it to the present one", async () => {
    const founder = await nodes.open();
    const [away, removed, second] = [
      await nodes.enter(founder.invite),
      await nodes.enter(founder.invite),
      await nodes.enter(founder.invite),
    ];
    await together([founder, away, removed, second]);
    away.session.leave();
    await together([founder, removed, second]);
    for (const each of [removed, second]) {
      await founder.session.inside!.governance.remove([each.did as Did]);
      await eventually(() => expect(founder.session.peers.map(({ id }) => id as string)).not.toContain(each.did));
    }
    const tomorrow = Date.now() + DAY_MS;
    vi.spyOn(Date, "now").mockImplementation(() => tomorrow);
    const { secret } = founder.session.membership!.epochs;
    const current = await rendezvousSecret(secret);
    await vi.waitFor(async () => expect(await taken(current, dayOf(tomorrow))).toHaveLength(1));
    const back = await nodes.comeBack(away);
    await together([founder, back]);
    expect(back.session.membership!.epochs.head.n).toBe(2);
  });
});
