/** Changes that wait for signatures, against members who fill the list or change what founders have signed. */
import { describe, expect, it } from "vitest";
import { type Signer, makeEphemeralKey } from "../../identity";
import { Membership } from "../membership";
import { Proposals } from "./proposals";
import { foundTestRoom, memberContext } from "../testing/founding";

interface Founder {
  readonly membership: Membership;
  readonly proposals: Proposals;
}

/** The founders of a room. */
async function council(size: number, quorum: number): Promise<readonly Founder[]> {
  const others: Signer[] = await Promise.all(Array.from({ length: size - 1 }, () => makeEphemeralKey()));
  const { membership: first, parts } = await foundTestRoom({}, { others, quorum });
  const all = [first, ...others.map((signer) => new Membership(memberContext(signer), parts))];
  return all.map((membership) => ({ membership, proposals: new Proposals(membership) }));
}

describe("proposals", () => {
  it("without signatures are dropped, and cannot prevent a removal", async () => {
    const [{ proposals, membership }] = (await council(1, 1)) as [Founder];
    for (let i = 0; i < 10; i++) {
      const signed = { ...(await membership.proposeCharter({ name: `Forged ${i}` })), signatures: [] };
      await expect(proposals.take({ kind: "charter", signed })).rejects.toMatchObject({ code: "peer-protocol" });
    }
    expect(proposals.all).toEqual([]);
    await proposals.remove([(await makeEphemeralKey()).did], []);
    expect(membership.epochs.head.n).toBe(1);
  });

  it("of one founder, however many, do not prevent another from proposing", async () => {
    const [one, two] = (await council(3, 2)) as [Founder, Founder];
    for (let i = 0; i < 20; i++) {
      const signed = await one.membership.proposeCharter({ name: `Loft ${i}` });
      await two.proposals.take({ kind: "charter", signed });
    }
    expect(two.proposals.all).toHaveLength(8);
    const gone = (await makeEphemeralKey()).did;
    await two.proposals.remove([gone], []);
    expect(two.proposals.all.some(({ removed }) => removed.includes(gone))).toBe(true);
    expect(two.proposals.all).toHaveLength(8);
  });

  it("gather signatures in any order, and count each founder once", async () => {
    const [one, two, three] = (await council(3, 3)) as [Founder, Founder, Founder];
    const signed = await one.membership.proposeCharter({ name: "Loft" });
    const both = [await two.membership.endorse("charter", signed), await three.membership.endorse("charter", signed)];
    for (let i = 0; i < 3; i++)
      await one.proposals.take({ kind: "charter", signed: await one.membership.endorse("charter", signed) });
    expect(one.proposals.all).toMatchObject([{ signers: [one.membership.signer.did] }]);
    await one.proposals.take({ kind: "charter", signed: both[0]! });
    expect(one.membership.charter.version).toBe(0);
    await one.proposals.take({ kind: "charter", signed: both[1]! });
    expect(one.membership.charter.terms.name).toBe("Loft");
    expect(one.proposals.all).toEqual([]);
  });

  it("of strangers, and proposals that were changed after signing, are refused", async () => {
    const [one] = (await council(2, 2)) as [Founder];
    const [stranger] = await council(1, 1);
    const signed = await one.membership.proposeCharter({ name: "Loft" });
    const other = await one.membership.proposeCharter({ name: "Cellar" });
    const frames = [
      { kind: "charter", signed: await stranger!.membership.proposeCharter({ name: "Mine" }) },
      { kind: "charter", signed: { ...signed, payload: other.payload } },
      { kind: "epoch", signed },
    ] as const;
    for (const frame of frames) {
      await expect(one.proposals.take(frame)).rejects.toMatchObject({ code: "peer-protocol" });
    }
  });

  it("of an epoch come into force at their author, and not before all have signed", async () => {
    const [one, two] = (await council(2, 2)) as [Founder, Founder];
    const gone = (await makeEphemeralKey()).did;
    await one.proposals.remove([gone], []);
    expect(one.membership.epochs.head.n).toBe(0);
    await two.proposals.take(one.proposals.frames[0]!);
    await two.proposals.endorse(two.proposals.all[0]!.id);
    expect(two.membership.epochs.head.n).toBe(0);
    await one.proposals.take(two.proposals.frames[0]!);
    expect(one.membership.epochs.removed.has(gone)).toBe(true);
  });

  it("that only founders invite keep the members who came in by others' invites, and no later ones", async () => {
    const [{ proposals, membership }] = (await council(1, 1)) as [Founder];
    const [member, guest, later] = (await Promise.all([1, 2, 3].map(() => makeEphemeralKey()))) as [
      Signer,
      Signer,
      Signer,
    ];
    const { proof } = await membership.admit(member.did, undefined);
    const own = new Membership(memberContext(member), { ...membership.parts, proof });
    const guests = await own.admit(guest.did, undefined);
    for (const [did, shown] of [
      [member.did, proof],
      [guest.did, guests.proof],
    ] as const)
      await membership.examine(did, shown);

    await proposals.amend({ invites: "founders" });
    expect(membership.charter.terms).toMatchObject({ invites: "founders", provenFrom: 1 });
    expect([membership.epochs.head.n, membership.epochs.removed.size]).toEqual([1, 0]);
    await membership.examine(guest.did, guests.proof);
    const { proof: smuggled } = await own.admit(later.did, undefined);
    await expect(membership.examine(later.did, smuggled)).rejects.toThrow("did not come with an invite");

    await proposals.amend({ name: "Loft" });
    expect([membership.charter.terms.provenFrom, membership.epochs.head.n]).toEqual([1, 1]);
    await proposals.amend({ invites: "members" });
    expect(membership.charter.terms.provenFrom).toBeUndefined();
    await membership.examine(later.did, smuggled);
  });

  it("that members bring in fewer people keep those who are there", async () => {
    const [{ proposals, membership }] = (await council(1, 1)) as [Founder];
    const [member, ...guests] = (await Promise.all([1, 2, 3].map(() => makeEphemeralKey()))) as [Signer, ...Signer[]];
    const { proof } = await membership.admit(member.did, undefined);
    const own = new Membership(memberContext(member), { ...membership.parts, proof });
    const proofs = [];
    for (const { did } of guests) proofs.push((await own.admit(did, undefined)).proof);
    await membership.examine(member.did, proof);
    for (const [i, { did }] of guests.entries()) await membership.examine(did, proofs[i]!);

    await proposals.amend({ limits: { people: 1 } });
    expect([membership.charter.terms.countedFrom, membership.epochs.head.n]).toEqual([1, 1]);
    for (const [i, { did }] of guests.entries()) await membership.examine(did, proofs[i]!);
    await proposals.amend({ limits: { people: 50 } });
    expect([membership.charter.terms.countedFrom, membership.epochs.head.n]).toEqual([1, 1]);
  });

  it("that only founders invite are left to the doors where several founders have to sign", async () => {
    const [one, two] = (await council(2, 2)) as [Founder, Founder];
    const signed = await one.membership.proposeCharter({ invites: "founders" });
    await one.membership.takeCharter(await two.membership.endorse("charter", signed));
    expect(one.membership.charter.terms).toMatchObject({ invites: "founders" });
    expect(one.membership.charter.terms.provenFrom).toBeUndefined();
  });
});
