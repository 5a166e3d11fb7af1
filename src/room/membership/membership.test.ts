/** Charters, epochs, proposals' parts and invites of one member, against what founders, members and outsiders may send. */
import { describe, expect, it, vi } from "vitest";
import { type Did, encodeCbor, randomBytes, sha256 } from "../../core";
import { type Signer, makeEphemeralKey, signStatement } from "../../identity";
import { OPEN_TERMS, foundTestRoom, memberContext } from "../testing/founding";
import { CHARTER } from "./charter";
import { EPOCH, Epochs, readEpoch, outranks } from "./epochs";
import { readGenesis } from "./genesis";
import { Membership } from "./membership";
import { beginMembership, readStored, storable } from "./parts";
import { makeToken, readToken } from "../invite/token";

const DAY_MS = 86_400_000;
const inADay = (): number => Date.now() + DAY_MS;
const refusal = (text: string) =>
  expect.objectContaining({ code: "peer-refused", message: expect.stringContaining(text) as string }) as Error;

/** A room with a founder and a member whom it has admitted. */
async function pair(...options: Parameters<typeof foundTestRoom>) {
  const { founder, membership, parts } = await foundTestRoom(...options);
  const member = await makeEphemeralKey();
  return { founder, first: membership, parts, member, second: await join(membership, member) };
}

/** Lets a member admit a guest, and returns the guest's membership. */
async function join(host: Membership, guest: Signer): Promise<Membership> {
  const { proof, epochs } = await host.admit(guest.did, undefined);
  const { genesis, charter } = host;
  const handed = { genesis: genesis.record, charter: charter.signed, epochs: epochs.data, proof };
  return new Membership(memberContext(guest), await beginMembership(handed));
}

async function remove(by: Membership, ...dids: Did[]): Promise<void> {
  const { record, secret } = await by.proposeEpoch(dids);
  await by.takeEpochs(by.epochs.with(record, secret));
}

describe("a genesis", () => {
  it("is read as it was made, and refused with any field missing, of another type, or added", async () => {
    const { parts } = await foundTestRoom();
    expect((await readGenesis(parts.genesis.record)).roomId).toBe(parts.genesis.roomId);
    const founders = parts.genesis.founders;
    const hash = randomBytes(32);
    const whole = { v: 1, name: "a", founders, quorum: 1, random: randomBytes(16), secret: hash, terms: hash };
    await readGenesis(encodeCbor(whole));
    const wrong = [
      { ...whole, v: 2 },
      { ...whole, extra: 1 },
      { ...whole, founders: [] },
      { ...whole, founders: [...founders, ...founders] },
      { ...whole, quorum: 2 },
      { ...whole, quorum: 0 },
      { ...whole, random: randomBytes(15) },
      { ...whole, terms: undefined },
    ];
    for (const record of wrong) {
      await expect(readGenesis(encodeCbor(record))).rejects.toMatchObject({ code: "peer-protocol" });
    }
  });
});

describe("a charter", () => {
  it("comes into force once, at every node that sees it, if the quorum has signed a higher version", async () => {
    const { first, second } = await pair();
    const signed = await first.proposeCharter({ name: "Loft" });
    expect([await first.takeCharter(signed), await second.takeCharter(signed)]).toEqual([true, true]);
    expect(second.charter.terms.name).toBe("Loft");
    expect(await second.takeCharter(signed)).toBe(false);
  });

  it("is not replaced by a lower version, nor by the same version with a higher hash", async () => {
    const { first, second } = await pair();
    const old = first.charter.signed;
    const [a, b] = [await first.proposeCharter({ name: "A" }), await first.proposeCharter({ name: "B" })];
    await first.takeCharter(a);
    await first.takeCharter(b);
    await second.takeCharter(b);
    await second.takeCharter(a);
    expect(second.charter.terms.name).toBe(first.charter.terms.name);
    expect(await first.takeCharter(old)).toBe(false);
  });

  it("cannot be made by a member, a stranger, or fewer founders than the quorum", async () => {
    const other = await makeEphemeralKey();
    const { first, second } = await pair({}, { others: [other], quorum: 2 });
    await expect(second.proposeCharter({ name: "Mine" })).rejects.toMatchObject({ code: "bad-request" });
    const one = await first.proposeCharter({ name: "Mine" });
    expect(await second.takeCharter(one)).toBe(false);
    const body = { v: 1 as const, room: first.genesis.hash, version: 1, at: 0, ...OPEN_TERMS };
    const strange = await signStatement(CHARTER, body, await makeEphemeralKey(), await makeEphemeralKey());
    await expect(second.takeCharter(strange)).rejects.toMatchObject({ code: "peer-protocol" });
    const founder = new Membership(memberContext(other), second.parts);
    expect(await second.takeCharter(await founder.endorse("charter", one))).toBe(true);
  });

  it("of version 0 keeps the terms with which the room was founded, whatever one founder signs later", async () => {
    const { founder, second } = await pair({}, { others: [await makeEphemeralKey()], quorum: 2 });
    const { hash } = second.genesis;
    for (let at = 0; at < 8; at++) {
      const body = { v: 1 as const, room: hash, version: 0, at, ...OPEN_TERMS, name: "Mine" };
      const signed = await signStatement(CHARTER, body, founder);
      await expect(second.takeCharter(signed)).rejects.toMatchObject({ code: "peer-protocol" });
    }
  });
});

describe("a chain of epochs", () => {
  it("grows with each removal, and a member that missed several accepts all of it", async () => {
    const { first, second } = await pair();
    const gone = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    for (const { did } of gone) await remove(first, did);
    expect(await second.takeEpochs(first.epochs.data)).toBe(true);
    expect(second.epochs.head).toEqual(first.epochs.head);
    expect([...second.epochs.removed]).toEqual(gone.map(({ did }) => did));
    expect(await second.takeEpochs(first.epochs.data)).toBe(false);
  });

  it("does not go back, and is refused if a record, its order or a secret is wrong", async () => {
    const { first, second } = await pair();
    const begin = first.epochs.data;
    await remove(first, (await makeEphemeralKey()).did);
    await remove(first, (await makeEphemeralKey()).did);
    const { records, secrets } = first.epochs.data;
    const { records: foreign } = await (async () => {
      const { membership } = await foundTestRoom();
      await remove(membership, (await makeEphemeralKey()).did);
      return membership.epochs.data;
    })();
    const broken = [
      { records, secrets: secrets.slice(0, 2) },
      { records, secrets: [secrets[0]!, secrets[2]!, secrets[1]!] },
      { records, secrets: [randomBytes(32), ...secrets.slice(1)] },
      { records: [...records].reverse(), secrets },
      { records: records.slice(1), secrets: [secrets[0]!, secrets[2]!] },
      { records: [...foreign], secrets: secrets.slice(0, 2) },
    ];
    for (const data of broken) {
      await expect(second.takeEpochs(data)).rejects.toMatchObject({ code: "peer-protocol" });
    }
    expect(second.epochs.head.n).toBe(0);
    expect(await first.takeEpochs(begin)).toBe(false);
  });

  it("accepts only records that founders have signed, and none that removes a founder", async () => {
    const other = await makeEphemeralKey();
    const { first, second, founder, member } = await pair({}, { others: [other] });
    await expect(second.proposeEpoch([founder.did])).rejects.toMatchObject({ code: "bad-request" });
    await expect(first.proposeEpoch([other.did])).rejects.toMatchObject({ code: "bad-request" });
    const secret = randomBytes(32);
    const { hash } = first.genesis;
    const body = { v: 1 as const, room: hash, n: 1, previous: hash, kept: [], secret: await sha256(secret), at: 0 };
    const byMember = await signStatement(EPOCH, { ...body, removed: [] }, member);
    const ofFounder = await signStatement(EPOCH, { ...body, removed: [other.did] }, founder);
    const unsigned = { ...byMember, signatures: [] };
    for (const record of [byMember, ofFounder, unsigned]) {
      const data = first.epochs.with(record, secret);
      await expect(second.takeEpochs(data)).rejects.toMatchObject({ code: "peer-protocol" });
    }
  });

  it("ends the membership of all whom a removed member let in, except of those that are kept", async () => {
    const { first, second, member } = await pair();
    const [kept, other] = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    const [third, fourth] = [await join(second, kept), await join(second, other)];
    // The founder knows both, and has admitted the other one again: it stays a guest of the member all the same.
    await first.examine(kept.did, third.proof);
    const { admittedBy } = await first.examine(other.did, fourth.proof);
    const { proof } = await first.admit(other.did, undefined, admittedBy.slice(0, -1));
    expect(await fourth.takeProof(proof, first.signer.did)).toBe(true);
    await first.examine(other.did, fourth.proof);
    const { record, secret } = await first.proposeEpoch([member.did], [kept.did]);
    await first.takeEpochs(first.epochs.with(record, secret));
    await first.examine(kept.did, third.proof);
    await expect(first.examine(other.did, fourth.proof)).rejects.toThrow("was removed");
    await expect(first.examine(member.did, second.proof)).rejects.toThrow("was removed");
  });

  it("does not keep nodes that only knocked", async () => {
    const { second, founder } = await pair();
    const governor = await makeEphemeralKey();
    const { parts } = await join(second, governor);
    // A node with a founder's key, itself admitted by the member that it removes.
    const third = new Membership(memberContext(governor, [founder]), parts);
    const declined = await makeEphemeralKey();
    await third.admit(declined.did, undefined);
    const { record } = await third.proposeEpoch([second.signer.did]);
    const { body } = await readEpoch(record, third.genesis);
    expect(body.kept).toEqual([]);
  });
});

describe("two founders that remove members at once, independently,", () => {
  it.each([true, false])(
    "end in one epoch with both removals and all members that are kept (%s)",
    async (firstWins) => {
      const otherFounder = await makeEphemeralKey();
      const { first, parts, member, second } = await pair({}, { others: [otherFounder] });
      const [kept, gone] = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
      const third = await join(second, kept);
      const two = new Membership(memberContext(otherFounder), parts);
      await two.examine(kept.did, third.proof);
      await remove(first, gone.did);
      for (;;) {
        const { record, secret } = await two.proposeEpoch([member.did], [kept.did]);
        const data = two.epochs.with(record, secret);
        const { head } = await Epochs.open(data, two.genesis);
        if (outranks(first.epochs.head, head) !== firstWins) continue;
        await two.takeEpochs(data);
        break;
      }
      for (let round = 0; round < 2; round++) {
        await two.takeEpochs(first.epochs.data);
        await first.takeEpochs(two.epochs.data);
      }
      expect(first.epochs.head).toEqual(two.epochs.head);
      expect([...first.epochs.removed].sort()).toEqual([gone.did, member.did].sort());
      await first.examine(kept.did, third.proof);
    },
  );
});

describe("a shorter proof", () => {
  async function distant() {
    const { first, second, founder, member } = await pair();
    const last = await makeEphemeralKey();
    return { first, second, founder, member, third: await join(second, last), last };
  }

  it("is taken from a founder", async () => {
    const { first, third, founder, last } = await distant();
    expect((await third.ownStanding()).admittedBy).toHaveLength(2);
    const { admittedBy } = await third.ownStanding();
    const { proof } = await first.admit(last.did, undefined, admittedBy.slice(0, -1));
    expect(await third.takeProof(proof, founder.did)).toBe(true);
    expect(third.proof).toHaveLength(1);
    // It still shows by whom this node was let in.
    expect((await third.ownStanding()).admittedBy).toEqual(admittedBy);
  });

  it("does not let a member count its guests as somebody else's", async () => {
    const { second, third, last } = await distant();
    await expect(second.admit(last.did, undefined, [third.signer.did])).rejects.toEqual(refusal("Nobody who is in"));
  });

  it("is not taken from another member, whose removal would also remove this node", async () => {
    const { first, founder, third, last } = await distant();
    const accomplice = await makeEphemeralKey();
    const fourth = await join(first, accomplice);
    const { proof } = await fourth.admit(last.did, undefined);
    expect(await third.takeProof(proof, accomplice.did)).toBe(false);
    expect(await third.takeProof(proof, founder.did)).toBe(false);
    expect(await third.takeProof([], founder.did)).toBe(false);
    expect((await third.ownStanding()).admittedBy).not.toContain(accomplice.did);
  });

  it("is needed after eight steps, because no node can be admitted at the end of a longer chain", async () => {
    let { membership } = await foundTestRoom();
    for (let step = 0; step < 8; step++) membership = await join(membership, await makeEphemeralKey());
    await expect(join(membership, await makeEphemeralKey())).rejects.toMatchObject({ code: "peer-refused" });
  });
});

describe("an invite", () => {
  const guest = "did:key:guest" as Did;
  const tokenOf = async (by: Membership, uses: number) =>
    readToken((await by.invites.make({ uses, notAfter: inADay() })).token.signed);

  it("lets in as many nodes as it states, at its issuer, and lets the same nodes in again", async () => {
    const { first, second } = await pair();
    const [a, b, c] = (await Promise.all([1, 2, 3].map(makeEphemeralKey))) as [Signer, Signer, Signer];
    const two = await tokenOf(first, 2);
    for (const { did } of [a, b, a]) await first.letIn(two, did, undefined);
    await expect(first.letIn(two, c.did, undefined)).rejects.toEqual(refusal("used up"));
    expect(second.invites.check(two, c.did)).toEqual({ askInstead: first.signer.did });
    const any = await tokenOf(first, 0);
    for (const { did } of [a, b, c]) await second.letIn(any, did, undefined);
  });

  it("for one lets in one of two nodes that come at the same time", async () => {
    const { first } = await pair();
    const token = await tokenOf(first, 1);
    const guests = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    const outcomes = await Promise.allSettled(guests.map(({ did }) => first.letIn(token, did, undefined)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("is counted across restarts", async () => {
    const { first } = await pair();
    const token = await tokenOf(first, 1);
    await first.letIn(token, (await makeEphemeralKey()).did, undefined);
    const parts = await readStored(storable(first.parts));
    const again = new Membership(memberContext(first.signer), parts);
    expect(() => again.invites.check(token, guest)).toThrow("used up");
  });

  it("ends at its time and with its epoch, and is invalid in another room", async () => {
    const { first, founder } = await pair();
    const terms = { room: first.genesis.hash, epoch: 0, uses: 0 };
    const late = await makeToken([founder], { ...terms, notAfter: Date.now() - 1 });
    expect(() => first.invites.check(late, guest)).toThrow("has ended");
    const foreign = await makeToken([founder], { ...terms, room: randomBytes(32), notAfter: inADay() });
    expect(() => first.invites.check(foreign, guest)).toThrow("not valid");
    const ahead = await makeToken([founder], { ...terms, epoch: 1, notAfter: inADay() });
    expect(() => first.invites.check(ahead, guest)).toThrow("has ended");
    const good = await tokenOf(first, 0);
    await remove(first, (await makeEphemeralKey()).did);
    expect(() => first.invites.check(good, guest)).toThrow("somebody was removed");
    expect(await first.invites.kept()).toBeUndefined();
  });

  it("does not let in a removed node, however new the invite is", async () => {
    const { first, member } = await pair();
    await remove(first, member.did);
    const token = await tokenOf(first, 0);
    expect(() => first.invites.check(token, member.did)).toThrow("was removed");
    await expect(first.letIn(token, member.did, undefined)).rejects.toThrow("was removed");
  });

  it("of a member is refused if only founders may invite", async () => {
    const { first, second, member } = await pair();
    const before = await tokenOf(second, 0);
    await second.takeCharter(await first.proposeCharter({ invites: "founders" }));
    await first.takeCharter(second.charter.signed);
    expect(() => first.invites.check(before, guest)).toThrow("only owners can invite");
    await expect(second.invites.make({ uses: 0, notAfter: inADay() })).rejects.toMatchObject({ code: "bad-request" });
    const own = await makeToken([member], { room: first.genesis.hash, epoch: 0, uses: 0, notAfter: inADay() });
    expect(() => first.invites.check(own, guest)).toThrow("only owners can invite");
    expect(second.invites.check(await tokenOf(first, 0), guest)).toEqual({ askInstead: undefined });
  });

  it("has one signature, of a founder if only founders may invite; a counted one also names who counts", async () => {
    const [device, house] = await Promise.all([makeEphemeralKey(), makeEphemeralKey()]);
    const { first: member, parts } = await pair({}, { others: [house] });
    const own = new Membership(memberContext(device, [house]), parts);
    const signers = async (uses: number) => (await tokenOf(own, uses)).signers;
    expect(await signers(0)).toEqual([device.did]);
    await own.invites.current();
    await own.takeCharter(await member.proposeCharter({ invites: "founders" }));
    vi.spyOn(own.invites, "allowed").mockResolvedValue(true);
    expect(await signers(0)).toEqual([house.did]);
    expect(await signers(3)).toEqual([device.did, house.did]);
    const after = await readToken((await own.invites.current()).token.signed);
    expect(after.signers).toEqual([house.did]);
    expect(own.invites.check(after, guest)).toEqual({ askInstead: undefined });
  });

  it("is refused if its signer is not the issuer that it names", async () => {
    const { first, founder } = await pair();
    const terms = { room: first.genesis.hash, epoch: 0, uses: 0, notAfter: inADay() };
    const { signed } = await makeToken([await makeEphemeralKey(), founder], terms);
    const stripped = await readToken({ ...signed, signatures: signed.signatures.slice(1) });
    expect(() => first.invites.check(stripped, guest)).toThrow("not valid");
  });
});

describe("a stored membership", () => {
  it("is read as it was stored, and refused with any forged part", async () => {
    const { second } = await pair();
    const stored = storable(second.parts);
    expect((await readStored(stored)).genesis.roomId).toBe(second.genesis.roomId);
    const { first: other } = await pair();
    const forged = [
      { ...stored, charter: other.charter.signed },
      { ...stored, genesis: other.genesis.record },
      { ...stored, epochs: other.epochs.data },
      { ...stored, extra: 1 },
    ];
    for (const data of forged) await expect(readStored(data)).rejects.toThrow();
  });
});
