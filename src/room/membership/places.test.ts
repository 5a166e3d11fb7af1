/** The places that members give away: counted by the node itself, by others, and in rooms of every age. */
import { describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { MemoryKeep, type Signer, makeEphemeralKey } from "../../identity";
import { readToken } from "../invite/token";
import { foundOldRoom, foundTestRoom, memberContext } from "../testing/founding";
import { join, pair, remove } from "../testing/members";
import { type PlaceRange, admit } from "./admission";
import type { DoubleFrame } from "./doubles";
import { GivenPlaces } from "./given-places";
import { Membership } from "./membership";
import { beginMembership, readStored, storable } from "./parts";
import { NOT_A_MEMBER, type Proof } from "./proof";

const approval = { admission: { kind: "approval" } } as const;
const people = (most: number) => ({ ...approval, limits: { people: most } });
const strangers = (count: number) => Promise.all(Array.from({ length: count }, () => makeEphemeralKey()));
const refused = (why: keyof typeof NOT_A_MEMBER) => ({ code: "peer-refused", message: NOT_A_MEMBER[why] });
const rest = (n: number): PlaceRange => ({ n, share: 0 });

/** The proof of a node that a member admits with a program of its own. */
async function smuggled(by: Membership, did: Did, place: PlaceRange): Promise<Proof> {
  return [{ admission: await admit(by.signer, by.genesis.hash, did, 1, { place }) }, ...by.proof];
}

/** The evidence that a member has seen. */
function convictions(membership: Membership): DoubleFrame[] {
  const all: DoubleFrame[] = [];
  membership.on("double", ({ evidence }) => all.push(evidence));
  return all;
}

describe("a node's own places", () => {
  const room = "room" as Parameters<GivenPlaces["give"]>[0];
  const dids = async (count: number) => (await strangers(count)).map(({ did }) => did);

  it("are never given twice, not even by two tabs at once or after a reload", async () => {
    const keep = new MemoryKeep();
    const tabs = [new GivenPlaces(keep), new GivenPlaces(keep)];
    const guests = await dids(6);
    const given = await Promise.all(guests.map((did, i) => tabs[i % 2]!.give(room, did, 6, [])));
    expect(given.map((place) => place?.n).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await new GivenPlaces(keep).give(room, (await dids(1))[0]!, 6, [])).toBeUndefined();
    expect(await tabs[0]!.left(room, 6, [])).toBe(0);
  });

  it("are the same for a guest that comes again, also after its removal", async () => {
    const given = new GivenPlaces(new MemoryKeep());
    const [first, second] = (await dids(2)) as [Did, Did];
    const place = await given.give(room, first, 32, []);
    await given.give(room, second, 32, []);
    expect(await given.give(room, first, 32, [])).toEqual(place);
  });

  it("are not given again if the store has lost them and others have shown them", async () => {
    const [known, next] = (await dids(2)) as [Did, Did];
    const given = new GivenPlaces(new MemoryKeep());
    const seen = [{ did: known, place: { n: 4, share: 2 } }];
    expect(await given.give(room, next, 32, seen)).toMatchObject({ n: 7 });
    expect(await given.give(room, known, 32, seen)).toEqual({ n: 4, share: 2 });
  });

  it("are not given if they cannot be written down", async () => {
    const { membership } = await foundTestRoom(approval);
    const signer = await makeEphemeralKey();
    const { proof } = await membership.admit(signer.did, undefined);
    const broken = { get: async () => undefined, change: () => Promise.reject(new Error("no space left")) };
    const context = { ...memberContext(signer), given: new GivenPlaces(broken) };
    const member = new Membership(context, { ...membership.parts, proof });
    await expect(member.admit((await makeEphemeralKey()).did, undefined)).rejects.toThrow("no space left");
  });
});

describe("guests at a door", () => {
  it("take no place if their invite is used up, however many come at once", async () => {
    const { membership } = await foundTestRoom(approval);
    const signer = await makeEphemeralKey();
    const { proof } = await membership.admit(signer.did, undefined);
    const given = new GivenPlaces(new MemoryKeep());
    const member = new Membership({ ...memberContext(signer), given }, { ...membership.parts, proof });
    const { token } = await member.invites.make({ uses: 1, notAfter: Date.now() + 1e9 });
    const counted = await readToken(token.signed);
    const guests = await strangers(4);
    await Promise.allSettled(guests.map(({ did }) => member.letIn(counted, did, undefined)));
    expect(await given.left(member.genesis.roomId, 32, [])).toBe(32 - 4);
  });
});

describe("a limit of people", () => {
  it("bounds all below a member, however its guests bring in others", async () => {
    const { second } = await pair(people(20));
    const all: Membership[] = [second];
    for (const host of all) {
      for (;;) {
        const guest = await join(host, await makeEphemeralKey()).catch(() => undefined);
        if (!guest) break;
        all.push(guest);
      }
    }
    expect(all).toHaveLength(21);
  });

  it("counts nobody whom founders let in, nor guests with an open invite of theirs where nobody is asked", async () => {
    const { first, second } = await pair({ limits: { people: 1 } });
    const [a, b, c, d] = (await strangers(4)) as [Signer, Signer, Signer, Signer];
    await first.admit(a.did, undefined);
    await first.admit(b.did, undefined);
    const { signed } = (await first.invites.current()).token;
    const open = await readToken(signed);
    for (const { did } of [a, b, c]) {
      const { proof } = await second.letIn(open, did, undefined);
      expect(proof[0]?.token).toBeDefined();
      await first.examine(did, proof);
    }
    await second.admit(c.did, undefined);
    await expect(second.admit(d.did, undefined)).rejects.toThrow("as many people as the rules allow");
  });

  it("stays the same for a guest whom a founder admits again, and the place stays taken", async () => {
    const { first, second } = await pair(people(32));
    const guest = await makeEphemeralKey();
    const third = await join(second, guest);
    const { admittedBy, place } = await first.examine(guest.did, third.proof);
    expect(place).toEqual({ n: 0, share: 3 });
    const { proof } = await first.admit(guest.did, undefined, { via: admittedBy.slice(0, -1), place });
    expect(await third.takeProof(proof, first.signer.did)).toBe(true);
    expect((await third.ownStanding()).places).toBe(3);
    // Somebody who has never seen the first admission learns from the second whose place it is.
    const fourth = await join(first, await makeEphemeralKey());
    await fourth.examine(guest.did, third.proof);
    const other = await makeEphemeralKey();
    await expect(fourth.examine(other.did, await smuggled(second, other.did, rest(2)))).rejects.toMatchObject(
      refused("twice"),
    );
  });

  it("frees no place when a guest is removed", async () => {
    const { first, second } = await pair(people(1));
    const [guest, other] = (await strangers(2)) as [Signer, Signer];
    await join(second, guest);
    await remove(first, guest.did);
    await second.takeEpochs(first.epochs.data);
    await expect(second.admit(other.did, undefined)).rejects.toThrow("as many people");
  });

  it("that is narrowed keeps the present members by an epoch, and is asked of proofs from then on", async () => {
    const { first, second } = await pair(people(5));
    const guests = await strangers(3);
    for (const guest of guests) await first.examine(guest.did, (await join(second, guest)).proof);
    await first.takeCharter(await first.proposeCharter({ limits: { people: 2 } }));
    expect(first.charter.terms).toMatchObject({ limits: { people: 2 }, countedFrom: 1 });
    await first.takeCharter(await first.proposeCharter({ limits: { people: 9 } }));
    expect(first.charter.terms).toMatchObject({ limits: { people: 9 }, countedFrom: 1 });
  });
});

describe("a place that was given to two", () => {
  async function cheated() {
    const room = await pair(people(32));
    const [one, other] = (await strangers(2)) as [Signer, Signer];
    const proofs = [
      await smuggled(room.second, one.did, { n: 10, share: 2 }),
      await smuggled(room.second, other.did, rest(12)),
    ] as const;
    return { ...room, one, other, proofs };
  }

  it("belongs to the first that shows it, and puts out the member that gave it, but none of its guests", async () => {
    const { first, second, member, one, other, proofs } = await cheated();
    const seen = convictions(first);
    const honest = await join(second, await makeEphemeralKey());
    await first.examine(one.did, proofs[0]);
    await expect(first.examine(other.did, proofs[1])).rejects.toMatchObject(refused("twice"));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    await expect(first.examine(member.did, second.proof)).rejects.toMatchObject(refused("double"));
    await first.examine(one.did, proofs[0]);
    await first.examine(honest.signer.did, honest.proof);
  });

  it("is evidence that anybody checks and passes on once, and that its giver leaves by", async () => {
    const { first, second, one, other, proofs } = await cheated();
    const fourth = await join(first, await makeEphemeralKey());
    const heard = convictions(fourth);
    const out = vi.fn<(why: string) => void>();
    second.on("out", out);
    const evidence = { one: proofs[0][0]!.admission!, other: proofs[1][0]!.admission!, proof: second.proof };
    await fourth.places.takeDouble(evidence);
    await fourth.places.takeDouble({ ...evidence, one: evidence.other, other: evidence.one });
    expect(heard).toHaveLength(1);
    await expect(fourth.examine(second.signer.did, second.proof)).rejects.toMatchObject(refused("double"));
    await fourth.examine(one.did, proofs[0]);
    await expect(fourth.examine(other.did, proofs[1])).rejects.toMatchObject(refused("twice"));
    await second.places.takeDouble(evidence);
    await vi.waitFor(() => expect(out).toHaveBeenCalledWith(NOT_A_MEMBER.double));
  });

  it("convicts nobody by one admission, by places apart, by a forged signature or by a founder's", async () => {
    const { first, second, founder, one, other, proofs } = await cheated();
    const heard = convictions(first);
    const { hash } = first.genesis;
    const [a, b] = [proofs[0][0]!.admission!, proofs[1][0]!.admission!];
    const apart = await admit(second.signer, hash, other.did, 1, { place: rest(13) });
    const again = await admit(second.signer, hash, one.did, 1, { place: rest(10) });
    const forged = { ...b, signatures: [{ ...b.signatures[0]!, sig: new Uint8Array(64) }] };
    const { genesis } = (await pair(approval)).first;
    const elsewhere = await admit(second.signer, genesis.hash, other.did, 1, { place: rest(12) });
    for (const wrong of [a, apart, again, forged, elsewhere]) {
      const evidence = { one: a, other: wrong, proof: second.proof };
      await expect(first.places.takeDouble(evidence)).rejects.toMatchObject({ code: "peer-protocol" });
    }
    const byFounder = await Promise.all(
      [one, other].map(({ did }) => admit(founder, hash, did, 1, { place: rest(0) })),
    );
    await first.places.takeDouble({ one: byFounder[0]!, other: byFounder[1]!, proof: [] });
    // Nobody who is in has let in a stranger: its evidence against itself is not even verified.
    const stranger = await makeEphemeralKey();
    const made = await Promise.all([one, other].map(({ did }) => admit(stranger, hash, did, 1, { place: rest(0) })));
    await first.places.takeDouble({ one: made[0]!, other: made[1]!, proof: [] });
    expect(heard).toEqual([]);
    await first.examine(second.signer.did, second.proof);
  });

  it("belongs to a guest whom a founder has admitted again, whatever others have seen first", async () => {
    const { first, second, one, other, proofs } = await cheated();
    const { admittedBy, place } = await first.examine(one.did, proofs[0]);
    const { proof } = await first.admit(one.did, undefined, { via: admittedBy.slice(0, -1), place });
    const fourth = await join(first, await makeEphemeralKey());
    await fourth.examine(other.did, proofs[1]);
    await fourth.examine(one.did, proof);
    await expect(fourth.examine(other.did, proofs[1])).rejects.toMatchObject(refused("twice"));
    // A founder's word is no evidence; the two admissions of the member are.
    await fourth.examine(second.signer.did, second.proof);
    await first.examine(other.did, proofs[1]).catch(() => undefined);
    await vi.waitFor(() => expect(first.places.doubles.has(second.signer.did)).toBe(true));
  });
});

describe("a room of an earlier version", () => {
  async function oldRoom() {
    const founder = await makeEphemeralKey();
    const first = new Membership(memberContext(founder), await foundOldRoom(founder, approval));
    const second = await join(first, await makeEphemeralKey());
    return { first, second };
  }

  it("goes on without numbers and without a limit, also after it was stored", async () => {
    const { first, second } = await oldRoom();
    for (const guest of await strangers(40)) {
      const { proof } = await second.admit(guest.did, undefined);
      await first.examine(guest.did, proof);
    }
    const stored = await readStored(storable(second.parts));
    const third = await join(new Membership(memberContext(second.signer), stored), await makeEphemeralKey());
    expect((await third.ownStanding()).place).toBeUndefined();
    await first.takeCharter(await first.proposeCharter({ name: "Loft" }));
    expect(first.charter.terms).not.toHaveProperty("countedFrom");
    expect(first.charter.terms.limits).toEqual({});
  });

  it("counts from the epoch on that its owner sets a limit", async () => {
    const { first, second } = await oldRoom();
    const guest = await makeEphemeralKey();
    const { proof } = await second.admit(guest.did, undefined);
    await first.examine(guest.did, proof);
    await first.examine(second.signer.did, second.proof);
    const { known } = first;
    await first.takeCharter(await first.proposeCharter({ limits: { people: 5 } }));
    expect(first.charter.terms.countedFrom).toBe(1);
    await first.examine(guest.did, proof);
    const { record, secret } = await first.proposeEpoch([], known);
    await first.takeEpochs(first.epochs.with(record, secret));
    await first.examine(guest.did, proof);
    const { genesis, charter, epochs } = first;
    const handed = { genesis: genesis.record, charter: charter.signed, epochs: epochs.data, proof: second.proof };
    const after = new Membership(memberContext(second.signer), await beginMembership(handed));
    const late = await makeEphemeralKey();
    const uncounted = [{ admission: await admit(after.signer, genesis.hash, late.did, 1) }, ...after.proof];
    await expect(first.examine(late.did, uncounted)).rejects.toMatchObject(refused("uncounted"));
    await first.examine(late.did, (await after.admit(late.did, undefined)).proof);
  });
});
