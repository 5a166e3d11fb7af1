/** Proofs of belonging to a room, checked against everything that somebody outside might show instead. */
import { describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import { Revocations, type Signer, delegate, makeEphemeralKey, revoke } from "../../identity";
import { foundTestRoom } from "../testing/founding";
import type { SignedTerms } from "./charter";
import { admit } from "./admission";
import { NOT_A_MEMBER, type Proof, type RoomRules, examine } from "./proof";

const NOW = 1_750_000_000_000;
const DAY_MS = 86_400_000;

async function rulesOf(
  terms: Partial<SignedTerms> = {},
  others: readonly Signer[] = [],
): Promise<{ founder: Signer; rules: RoomRules & { removed: Set<Did>; kept: Set<Did> } }> {
  const { founder, parts } = await foundTestRoom(terms, { others });
  const removed = new Set<Did>();
  const kept = new Set<Did>();
  const revocations = new Revocations();
  const epochs = { head: parts.epochs.head, removed, kept };
  return {
    founder,
    rules: { genesis: parts.genesis, terms: parts.charter.terms, epochs, revocations, removed, kept },
  };
}

/** The first place of a member whom a founder let in, with all others but the last. */
const PLACE = { n: 0, share: 30 };

/** A chain of admissions: each of the keys admits the next, and gives it all places but one; the proof is that of the last. */
async function chain(rules: RoomRules, keys: readonly Signer[]): Promise<Proof> {
  const steps: Proof = [];
  for (let i = keys.length - 1; i > 0; i--) {
    const place = i > 1 ? { n: 0, share: 32 - i } : undefined;
    steps.push({ admission: await admit(keys[i - 1]!, rules.genesis.hash, keys[i]!.did, NOW, { place }) });
  }
  return steps;
}

const keys = (count: number) => Promise.all(Array.from({ length: count }, () => makeEphemeralKey()));
const refused = (why: keyof typeof NOT_A_MEMBER) => ({ code: "peer-refused", message: NOT_A_MEMBER[why] });

type Terms = Partial<Parameters<typeof delegate>[1]>;
const vouch = (house: Signer, subject: Signer, about: Terms = {}) =>
  delegate(house, {
    name: "Ada",
    subject: subject.did,
    scopes: ["member", "founder"],
    issuedAt: NOW - DAY_MS,
    notAfter: NOW + DAY_MS,
    ...about,
  });

describe("a chain of admissions", () => {
  it("leads to a founder, over as many as eight steps", async () => {
    const { founder, rules } = await rulesOf();
    const line = [founder, ...(await keys(8))];
    const proof = await chain(rules, line);
    const last = line.at(-1)!;
    const standing = await examine(last.did, proof, rules, NOW);
    expect(standing.admittedBy).toEqual(
      line
        .slice(0, -1)
        .reverse()
        .map(({ did }) => did),
    );
  });

  it("proves nothing if a step is missing, belongs to another node, or does not lead to a founder", async () => {
    const { founder, rules } = await rulesOf();
    const [a, b, c, stranger] = (await keys(4)) as [Signer, Signer, Signer, Signer];
    const proof = await chain(rules, [founder, a, b, c]);
    await expect(examine(c.did, [], rules, NOW)).rejects.toMatchObject(refused("stranger"));
    await expect(examine(c.did, proof.slice(0, 2), rules, NOW)).rejects.toMatchObject(refused("stranger"));
    await expect(examine(c.did, [proof[0]!, proof[2]!], rules, NOW)).rejects.toMatchObject(refused("stranger"));
    await expect(examine(c.did, proof.slice(1), rules, NOW)).rejects.toMatchObject(refused("stranger"));
    await expect(examine(stranger.did, proof, rules, NOW)).rejects.toMatchObject(refused("stranger"));
    const own = await chain(rules, [stranger, c]);
    await expect(examine(c.did, own, rules, NOW)).rejects.toMatchObject(refused("stranger"));
  });

  it("counts only in its own room, and only with the signature of the admitting node", async () => {
    const { founder, rules } = await rulesOf();
    const { rules: other } = await rulesOf();
    const [guest, stranger] = (await keys(2)) as [Signer, Signer];
    const elsewhere = [{ admission: await admit(founder, other.genesis.hash, guest.did, NOW) }];
    await expect(examine(guest.did, elsewhere, rules, NOW)).rejects.toMatchObject(refused("stranger"));
    const forged = await admit({ ...stranger, did: founder.did }, rules.genesis.hash, guest.did, NOW);
    await expect(examine(guest.did, [{ admission: forged }], rules, NOW)).rejects.toMatchObject({
      code: "peer-protocol",
    });
  });

  it("becomes invalid when a node in it is removed, however old the admission claims to be", async () => {
    const { founder, rules } = await rulesOf();
    const [a, b] = (await keys(2)) as [Signer, Signer];
    const old = { admission: await admit(a, rules.genesis.hash, b.did, 0, { place: PLACE }) };
    const proof = [old, ...(await chain(rules, [founder, a]))];
    await examine(b.did, proof, rules, NOW);
    rules.removed.add(a.did);
    await expect(examine(b.did, proof, rules, NOW)).rejects.toMatchObject(refused("orphan"));
    await expect(examine(a.did, proof.slice(1), rules, NOW)).rejects.toMatchObject(refused("removed"));
  });

  it("is valid for nodes that are kept, and for those they have admitted, but not for the removed node", async () => {
    const { founder, rules } = await rulesOf();
    const [a, b, c] = (await keys(3)) as [Signer, Signer, Signer];
    const proof = await chain(rules, [founder, a, b, c]);
    rules.removed.add(a.did);
    rules.kept.add(b.did);
    await examine(b.did, proof.slice(1), rules, NOW);
    expect((await examine(c.did, proof, rules, NOW)).admittedBy).toEqual([b.did]);
    rules.removed.add(b.did);
    await expect(examine(b.did, proof.slice(1), rules, NOW)).rejects.toMatchObject(refused("removed"));
    await expect(examine(c.did, proof, rules, NOW)).rejects.toMatchObject(refused("orphan"));
  });
});

it("a proof says when the nearest member let its node in, and nothing of that for those whom nobody let in", async () => {
  const { founder, rules } = await rulesOf();
  const [a, b] = (await keys(2)) as [Signer, Signer];
  const { hash } = rules.genesis;
  const proof = [
    { admission: await admit(a, hash, b.did, 200, { place: { n: 0, share: 0 } }) },
    { admission: await admit(founder, hash, a.did, 100) },
  ];
  const at = async ({ did }: Signer, shown: Proof) => (await examine(did, shown, rules, NOW)).admittedAt;
  expect([await at(b, proof), await at(a, proof.slice(1)), await at(founder, [])]).toEqual([200, 100, undefined]);
});

describe("the branch of a node", () => {
  it("is the first node below a founder, or itself where a founder let it in or the founders keep it", async () => {
    const { founder, rules } = await rulesOf();
    const [a, b, c] = (await keys(3)) as [Signer, Signer, Signer];
    const proof = await chain(rules, [founder, a, b, c]);
    const branchOf = async (node: Signer, shown: Proof) => (await examine(node.did, shown, rules, NOW)).branch;
    expect(await branchOf(founder, [])).toBe(founder.did);
    expect(await branchOf(a, proof.slice(2))).toBe(a.did);
    expect(await branchOf(b, proof.slice(1))).toBe(a.did);
    expect(await branchOf(c, proof)).toBe(a.did);
    rules.kept.add(b.did);
    expect(await branchOf(b, proof.slice(1))).toBe(b.did);
    expect(await branchOf(c, proof)).toBe(b.did);
  });

  it("stays the same when a founder admits the node again", async () => {
    const { founder, rules } = await rulesOf();
    const [a, b, c] = (await keys(3)) as [Signer, Signer, Signer];
    const via = [b.did, a.did];
    const again = [{ admission: await admit(founder, rules.genesis.hash, c.did, NOW, { via }) }];
    expect((await examine(c.did, again, rules, NOW)).branch).toBe(a.did);
    rules.kept.add(b.did);
    expect((await examine(c.did, again, rules, NOW)).branch).toBe(b.did);
  });

  it("is its house where the rules ask for one, and for the devices of a founding house", async () => {
    const [house, node] = (await keys(2)) as [Signer, Signer];
    const proof = [{ delegation: await vouch(house, node) }];
    for (const admission of [
      { kind: "houses" as const, houses: [house.did] },
      { kind: "listed" as const, dids: [house.did] },
    ]) {
      const { rules } = await rulesOf({ admission });
      expect((await examine(node.did, proof, rules, NOW)).branch).toBe(house.did);
    }
    const { rules } = await rulesOf({}, [house]);
    expect((await examine(node.did, proof, rules, NOW)).branch).toBe(house.did);
  });
});

describe("a house", () => {
  it("that has founded the room brings in its nodes, until its delegation ends or is revoked", async () => {
    const [house, node] = (await keys(2)) as [Signer, Signer];
    const { rules } = await rulesOf({}, [house]);
    const proof = [{ delegation: await vouch(house, node) }];
    expect((await examine(node.did, proof, rules, NOW)).house?.did).toBe(house.did);
    await expect(examine(node.did, proof, rules, NOW + 2 * DAY_MS)).rejects.toMatchObject(refused("stranger"));
    await rules.revocations.add(await revoke(house, node.did, NOW));
    await expect(examine(node.did, proof, rules, NOW)).rejects.toMatchObject(refused("stranger"));
  });

  it("cannot vouch for a node that it does not name, nor can another house in its name", async () => {
    const [house, node, other] = (await keys(3)) as [Signer, Signer, Signer];
    const { rules } = await rulesOf({}, [house]);
    const proof = [{ delegation: await vouch(house, node) }];
    await expect(examine(other.did, proof, rules, NOW)).rejects.toMatchObject(refused("stranger"));
    const forged = [{ delegation: await vouch({ ...other, did: house.did }, node) }];
    await expect(examine(node.did, forged, rules, NOW)).rejects.toMatchObject(refused("stranger"));
  });

  it("is removed with all its nodes, and with the nodes they have admitted", async () => {
    const [house, node, guest] = (await keys(3)) as [Signer, Signer, Signer];
    const { rules } = await rulesOf({}, [house]);
    const step = { delegation: await vouch(house, node) };
    const admission = await admit(node, rules.genesis.hash, guest.did, NOW);
    await examine(guest.did, [{ admission }, step], rules, NOW);
    rules.removed.add(house.did);
    await expect(examine(node.did, [step], rules, NOW)).rejects.toMatchObject(refused("removed"));
    await expect(examine(guest.did, [{ admission }, step], rules, NOW)).rejects.toMatchObject(refused("orphan"));
  });
});

describe("a house that has founded the room", () => {
  it("makes founders only of the devices that may act as founders, and no others bring in anybody by it", async () => {
    const [house, device, guest] = (await keys(3)) as [Signer, Signer, Signer];
    const { founder, rules } = await rulesOf({}, [house]);
    const step = { delegation: await vouch(house, device, { scopes: ["member"] }) };
    await expect(examine(device.did, [step], rules, NOW)).rejects.toMatchObject(refused("stranger"));
    const guests = { admission: await admit(device, rules.genesis.hash, guest.did, NOW, { place: PLACE }) };
    await expect(examine(guest.did, [guests, step], rules, NOW)).rejects.toMatchObject(refused("stranger"));
    // Let in by somebody, it is a member like any other.
    const own = { ...step, ...(await chain(rules, [founder, device]))[0] };
    expect(await examine(device.did, [own], rules, NOW)).toMatchObject({ founder: false, house: { did: house.did } });
    expect((await examine(guest.did, [guests, own], rules, NOW)).admittedBy).toEqual([device.did, founder.did]);
  });

  it("brings in nobody by a device whose time is over, whatever date the admission bears", async () => {
    const [house, device, guest] = (await keys(3)) as [Signer, Signer, Signer];
    const { rules } = await rulesOf({}, [house]);
    const step = { delegation: await vouch(house, device) };
    const proof = [{ admission: await admit(device, rules.genesis.hash, guest.did, NOW) }, step];
    expect(await examine(guest.did, proof, rules, NOW)).toMatchObject({ until: NOW + DAY_MS });
    await expect(examine(guest.did, proof, rules, NOW + DAY_MS + 1)).rejects.toMatchObject(refused("stranger"));
  });
});

it("a chain that leads nowhere costs no signature check, and a forged founder at its end costs one", async () => {
  const [house, device, ...line] = (await keys(8)) as [Signer, Signer, ...Signer[]];
  const { rules } = await rulesOf({}, [house]);
  const proof = await chain(rules, [device, ...line]);
  const forged = { delegation: await vouch({ ...device, sign: line[0]!.sign, did: house.did }, device) };
  const verify = vi.spyOn(crypto.subtle, "verify");
  const { did } = line.at(-1)!;
  await expect(examine(did, proof, rules, NOW)).rejects.toMatchObject(refused("stranger"));
  expect(verify).toHaveBeenCalledTimes(0);
  await expect(examine(did, [...proof, forged], rules, NOW)).rejects.toMatchObject({ code: "peer-protocol" });
  expect(verify).toHaveBeenCalledTimes(1);
  verify.mockRestore();
});

describe("a charter", () => {
  it("that lists its members lets in them and the founders, and no node by an admission", async () => {
    const [listed, guest] = (await keys(2)) as [Signer, Signer];
    const { founder, rules } = await rulesOf({ admission: { kind: "listed", dids: [listed.did] } });
    await examine(listed.did, [], rules, NOW);
    expect((await examine(founder.did, [], rules, NOW)).founder).toBe(true);
    const proof = await chain(rules, [founder, guest]);
    await expect(examine(guest.did, proof, rules, NOW)).rejects.toMatchObject(refused("unlisted"));
  });

  it("that names houses lets in their nodes, and no node by an admission", async () => {
    const [house, node, guest] = (await keys(3)) as [Signer, Signer, Signer];
    const { founder, rules } = await rulesOf({ admission: { kind: "houses", houses: [house.did] } });
    await examine(node.did, [{ delegation: await vouch(house, node) }], rules, NOW);
    const proof = await chain(rules, [founder, guest]);
    await expect(examine(guest.did, proof, rules, NOW)).rejects.toMatchObject(refused("homeless"));
    await expect(examine(house.did, [], rules, NOW)).rejects.toMatchObject(refused("homeless"));
  });

  it("does not bring back a removed node by listing it", async () => {
    const [listed] = (await keys(1)) as [Signer];
    const { rules } = await rulesOf({ admission: { kind: "listed", dids: [listed.did] } });
    rules.removed.add(listed.did);
    await expect(examine(listed.did, [], rules, NOW)).rejects.toMatchObject(refused("removed"));
  });
});
