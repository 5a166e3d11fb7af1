/** Charters, epochs and proofs of one member, against what founders, members and outsiders may send. */
import { describe, expect, it } from "vitest";
import { encodeCbor, randomBytes, sha256 } from "../../core";
import { makeEphemeralKey, signStatement } from "../../identity";
import { OPEN_TERMS, foundOldRoom, foundTestRoom, memberContext } from "../testing/founding";
import { join, pair, remove } from "../testing/members";
import { CHARTER } from "./charter";
import { EPOCH, Epochs, readEpoch, outranks } from "./epochs";
import { readGenesis } from "./genesis";
import { Membership } from "./membership";
import { readStored, storable } from "./parts";

const refusal = (text: string) =>
  expect.objectContaining({ code: "peer-refused", message: expect.stringContaining(text) as string }) as Error;

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
    const { proof } = await first.admit(other.did, undefined, { via: admittedBy.slice(0, -1) });
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
    const { proof } = await first.admit(last.did, undefined, { via: admittedBy.slice(0, -1) });
    expect(await third.takeProof(proof, founder.did)).toBe(true);
    expect(third.proof).toHaveLength(1);
    // It still shows by whom this node was let in.
    expect((await third.ownStanding()).admittedBy).toEqual(admittedBy);
  });

  it("does not let a member count its guests as somebody else's", async () => {
    const { second, third, last } = await distant();
    await expect(second.admit(last.did, undefined, { via: [third.signer.did] })).rejects.toEqual(
      refusal("Nobody who is in"),
    );
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
    const founder = await makeEphemeralKey();
    let membership = new Membership(memberContext(founder), await foundOldRoom(founder));
    for (let step = 0; step < 8; step++) membership = await join(membership, await makeEphemeralKey());
    await expect(join(membership, await makeEphemeralKey())).rejects.toMatchObject({ code: "peer-refused" });
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
