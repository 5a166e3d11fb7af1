/** Rooms that are governed: admissions, removals, forks and amendments, over several nodes. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { makeEphemeralKey } from "../../identity";
import { toyRequest } from "../../inference/testing/toy-provider";
import { MemorySignaling } from "../../wire/testing/memory-transport";
import type { SignedTerms } from "../membership";
import { type TestNode, TestNodes, eventually, together } from "../testing/nodes";

vi.mock("../constants", async (original) => ({
  ...(await original<object>()),
  LONELY_SCAN_MS: 30,
  SLOT_SCAN_MS: 60,
  RECONNECT_MIN_MS: 10,
  RECONNECT_MAX_MS: 40,
  HEARTBEAT_MS: 5,
  REFUSED_AFTER_MS: 150,
  SHUN_MIN_MS: 100,
  GOODBYE_MS: 20,
}));

let nodes: TestNodes;
beforeEach(() => (nodes = new TestNodes(new MemorySignaling())));
afterEach(() => nodes.leave());

const epochOf = ({ session }: TestNode) => session.membership?.epochs.head.n;
const charterOf = ({ session }: TestNode) => session.charter?.terms;
/** Removes a member alone: chance decides at whose door the others came in. `absent`: those who are not in the room now. */
const remove = (by: TestNode, whom: TestNode, ...absent: readonly TestNode[]) => {
  const others = [...by.session.peers.map(({ id }) => id), ...absent.map(({ did }) => did as Did)];
  return by.session.inside!.governance.remove([whom.did as Did], others);
};

/** A room with these members besides its founder. */
async function roomOf(size: number, terms: Partial<SignedTerms> = {}) {
  const founder = await nodes.open(terms);
  const members: TestNode[] = [];
  for (let i = 0; i < size; i++) members.push(await nodes.enter(founder.invite));
  await together([founder, ...members]);
  return { founder, members };
}

/** Waits until these are in one epoch, linked to each other, and to nobody else. */
async function settled(all: readonly TestNode[], epoch: number): Promise<void> {
  await eventually(() => expect(all.map(epochOf)).toEqual(all.map(() => epoch)));
  await together(all);
}

describe("admission", () => {
  it("with approval waits for the answer of any member, and is seen by all", async () => {
    const { founder, members } = await roomOf(0, { admission: { kind: "approval" } });
    expect(members).toEqual([]);
    const first = await nodes.enter(founder.invite);
    await eventually(() =>
      expect(founder.session.inside!.door.knocks.map(({ did }) => did as string)).toEqual([first.did]),
    );
    await eventually(() => expect(first.session.phase).toBe("knocking"));
    founder.session.inside!.door.answer(first.did as Did, true);
    await together([founder, first]);
    const second = await nodes.enter(founder.invite);
    await eventually(() => {
      for (const { session } of [founder, first])
        expect(session.inside!.door.knocks.map(({ did }) => did as string)).toEqual([second.did]);
    });
    first.session.inside!.door.answer(second.did as Did, true);
    await together([founder, first, second]);
    expect(founder.session.inside!.door.knocks).toEqual([]);
  });

  it("with approval ends with a no", async () => {
    const { founder } = await roomOf(0, { admission: { kind: "approval" } });
    const guest = await nodes.enter(founder.invite);
    await eventually(() => expect(founder.session.inside!.door.knocks).toHaveLength(1));
    founder.session.inside!.door.answer(guest.did as Did, false);
    await eventually(() => expect(guest.out.reason).toContain("Nobody in the room has let this device in"));
    expect(founder.session.peers).toEqual([]);
  });

  it("continues at another door when the member at the first one leaves", async () => {
    const { founder } = await roomOf(0, { admission: { kind: "approval" } });
    const guest = await nodes.enter(founder.invite);
    await eventually(() => expect(founder.session.inside!.door.knocks).toHaveLength(1));
    founder.session.leave();
    await eventually(() => expect(guest.session.phase).toBe("looking"));
    const again = await nodes.comeBack(founder);
    await eventually(() => expect(again.session.inside!.door.knocks).toHaveLength(1));
    again.session.inside!.door.answer(guest.did as Did, true);
    await together([again, guest]);
  });

  it("is granted only to nodes that the charter lists", async () => {
    const listed = await makeEphemeralKey();
    const { founder } = await roomOf(0, { admission: { kind: "listed", dids: [listed.did] } });
    const [member, stranger] = [await nodes.enter(founder.invite, listed), await nodes.enter(founder.invite)];
    await together([founder, member]);
    await eventually(() => expect(stranger.out.reason).toContain("not on the room's list"));
  });

  it("by a counted invite leads to its issuer from any door, and not past its end", async () => {
    const { founder, members } = await roomOf(2);
    const issuer = members[1]!;
    const invite = await issuer.session.membership!.invites.make({ uses: 1, notAfter: Date.now() + 60_000 });
    const guest = await nodes.enter(invite);
    await together([founder, ...members, guest]);
    const late = await nodes.enter(invite);
    await eventually(() => expect(late.out.reason).toContain("used up"));
  });

  it("by a counted invite waits for its issuer if that is away", async () => {
    const { founder, members } = await roomOf(1);
    const issuer = members[0]!;
    const invite = await issuer.session.membership!.invites.make({ uses: 1, notAfter: Date.now() + 60_000 });
    issuer.session.leave();
    await together([founder]);
    const guest = await nodes.enter(invite);
    await eventually(() => expect(guest.out.reason).toContain("The device that made this invite is not in the room"));
  });
});

describe("removing a member", () => {
  it("closes its links, notifies it, and withholds the secret of the new epoch", async () => {
    const { founder, members } = await roomOf(3);
    const gone = members[0]!;
    await remove(founder, gone);
    await settled([founder, ...members.slice(1)], 1);
    await eventually(() => expect(gone.out.reason).toContain("removed"));
    expect(gone.kept.parts?.epochs.head.n).toBe(0);
  });

  it("keeps it out, whether it uses its stored membership, its invite, or a new one", async () => {
    const { founder, members } = await roomOf(2);
    const gone = members[0]!;
    await remove(founder, gone);
    const stay = [founder, members[1]!];
    await settled(stay, 1);
    await eventually(() => expect(gone.out.reason).toBeDefined());
    const fresh = await founder.session.membership!.invites.current();
    const tries = [
      await nodes.comeBack(gone),
      await nodes.enter(founder.invite, gone.signer),
      await nodes.enter(fresh, gone.signer),
    ];
    for (const { out } of tries) await eventually(() => expect(out.reason).toMatch(/removed/));
    for (const { kept } of tries) expect(kept.parts?.epochs.head.n ?? 0).toBe(0);
    await together(stay);
  });

  it("lets absent members return, over as many epochs as they have missed", async () => {
    const { founder, members } = await roomOf(4);
    const [away, first, second, stays] = members as [TestNode, TestNode, TestNode, TestNode];
    away.session.leave();
    await together([founder, first, second, stays]);
    await remove(founder, first, away);
    await settled([founder, second, stays], 1);
    await remove(founder, second, away);
    await settled([founder, stays], 2);
    await settled([founder, stays, await nodes.comeBack(away)], 2);
  });

  it("is possible only for founders", async () => {
    const { founder, members } = await roomOf(2);
    await expect(remove(members[0]!, members[1]!)).rejects.toMatchObject({ code: "bad-request" });
    await expect(remove(founder, founder)).rejects.toMatchObject({ code: "bad-request" });
  });
});

describe("two founders in separate halves of the room", () => {
  it("that remove different members end in one epoch without either of them", async () => {
    const other = await makeEphemeralKey();
    const one = await nodes.open({}, { others: [other] });
    const two = await nodes.start({ membership: one.parts }, other);
    const members = [
      await nodes.enter(one.invite),
      await nodes.enter(one.invite),
      await nodes.enter(one.invite),
      await nodes.enter(one.invite),
    ];
    await together([one, two, ...members]);
    const [a, b, gone, lost] = members as [TestNode, TestNode, TestNode, TestNode];
    for (const { session } of [two, b, lost]) session.leave();
    await together([one, a, gone]);
    const near = new Set(nodes.signaling.endpoints.keys());
    nodes.signaling.canReach = (from, to) => near.has(from) === near.has(to);
    const [two2, b2, lost2] = [await nodes.comeBack(two), await nodes.comeBack(b), await nodes.comeBack(lost)];
    await together([two2, b2, lost2]);
    await remove(one, gone, b, lost);
    await remove(two2, lost2, a, gone);
    await settled([one, a], 1);
    await settled([two2, b2], 1);
    nodes.signaling.canReach = () => true;
    await settled([one, a, two2, b2], 2);
    const all = [one, a, two2, b2].map(({ session }) => [...session.membership!.epochs.removed].sort());
    for (const removed of all) expect(removed).toEqual([gone.did, lost.did].sort());
  });
});

describe("the charter", () => {
  it("changes for all present members, and for absent ones when they return", async () => {
    const { founder, members } = await roomOf(2);
    const [here, away] = members as [TestNode, TestNode];
    away.session.leave();
    await together([founder, here]);
    await founder.session.inside!.governance.amend({ name: "Loft" });
    await eventually(() => expect(charterOf(here)?.name).toBe("Loft"));
    await founder.session.inside!.governance.amend({ purpose: "to read" });
    const back = await nodes.comeBack(away);
    await eventually(() => expect(charterOf(back)).toMatchObject({ name: "Loft", purpose: "to read" }));
    expect(back.kept.parts?.charter.version).toBe(2);
  });

  it("removes a member that a new version no longer lists", async () => {
    const { founder, members } = await roomOf(2);
    const [listed, other] = members as [TestNode, TestNode];
    await founder.session.inside!.governance.amend({ admission: { kind: "listed", dids: [listed.did as Did] } });
    await together([founder, listed]);
    await eventually(() => expect(other.out.reason).toContain("not on the room's list"));
  });

  it("is enforced by each node itself, and refusals name the rule", async () => {
    const { founder, members } = await roomOf(1);
    const asker = members[0]!;
    founder.session.share({ maxJobs: 1, models: new Set(["toy"]) }, false);
    const peer = asker.session.peers[0]!;
    await eventually(() => expect(peer.models()).toHaveLength(1));
    const ask = async (): Promise<void> => {
      for await (const _ of peer.generate(toyRequest(5), { signal: new AbortController().signal }));
    };
    await ask();
    await founder.session.inside!.governance.amend({ limits: { tokensPerAnswer: 4 } });
    await expect(ask()).rejects.toMatchObject({ reason: "charter", rule: "tokensPerAnswer" });
    await founder.session.inside!.governance.amend({ limits: {}, contribution: "expected" });
    await expect(ask()).rejects.toMatchObject({ reason: "charter", rule: "contribution" });
    await founder.session.inside!.governance.amend({ contribution: "welcome", limits: { answersPerHour: 1 } });
    await ask();
    await expect(ask()).rejects.toMatchObject({ reason: "charter", rule: "answersPerHour" });
  });
});
