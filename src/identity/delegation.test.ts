/** Delegations and revocations: valid ones are accepted, and nothing else can pass for them. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Did } from "../core";
import * as v from "valibot";
import {
  type Delegation,
  HouseNameSchema,
  Revocations,
  type Signed,
  type Signer,
  addSignature,
  delegate,
  makeEphemeralKey,
  openDelegation,
  revoke,
  signStatement,
} from "./index";

const NOW = Date.UTC(2026, 5, 1);
const DAY = 24 * 60 * 60 * 1000;
const refused = { code: "peer-protocol" };
/** Kinds with the real names and schemas that accept anything, to sign statements that no honest node would sign. */
const ANY_DELEGATION = { name: "delegation", schema: v.any() };

let house: Signer;
let other: Signer;
let node: Signer;
beforeAll(async () => {
  [house, other, node] = [await makeEphemeralKey(), await makeEphemeralKey(), await makeEphemeralKey()];
});

function terms(changes: Partial<Delegation> = {}): Omit<Delegation, "v" | "issuer"> {
  return { name: "Ada", subject: node.did, scopes: ["member"], issuedAt: NOW, notAfter: NOW + DAY, ...changes };
}

describe("a delegation", () => {
  test("is valid for its subject until it expires", async () => {
    const signed = await delegate(house, terms());
    const body = { v: 1, issuer: house.did, ...terms() };
    expect(await openDelegation(signed, node.did, NOW)).toEqual(body);
    expect(await openDelegation(signed, node.did, NOW + DAY)).toEqual(body);
    await expect(openDelegation(signed, node.did, NOW + DAY + 1)).rejects.toMatchObject(refused);
    await expect(openDelegation(signed, other.did, NOW)).rejects.toMatchObject(refused);
  });

  test("is valid from a clock that is slightly ahead, but not yet from one that is a day ahead", async () => {
    const signed = await delegate(house, terms({ notAfter: NOW + 9 * DAY }));
    expect(await openDelegation(signed, node.did, NOW - DAY)).toMatchObject({ name: "Ada" });
    await expect(openDelegation(signed, node.did, NOW - DAY - 1)).rejects.toMatchObject(refused);
  });

  test("counts only with the signature of its issuer", async () => {
    const forged = await signStatement(ANY_DELEGATION, { v: 1, issuer: house.did, ...terms() }, other);
    const unsigned: Signed = { ...forged, signatures: [] };
    const both = await addSignature(ANY_DELEGATION, await delegate(house, terms()), other);
    const renamed: Signed = { ...forged, signatures: [{ did: house.did, sig: forged.signatures[0]!.sig }] };
    for (const wrong of [forged, unsigned, both, renamed]) {
      await expect(openDelegation(wrong, node.did, NOW)).rejects.toMatchObject(refused);
    }
  });

  test("is refused if a node vouches for itself", async () => {
    await expect(openDelegation(await delegate(node, terms()), node.did, NOW)).rejects.toMatchObject(refused);
  });

  test("cannot pass for a revocation, nor a revocation for a delegation", async () => {
    await expect(openDelegation(await revoke(house, node.did, NOW), node.did, NOW)).rejects.toMatchObject(refused);
    await expect(new Revocations().add(await delegate(house, terms()))).rejects.toMatchObject(refused);
    const disguised = await signStatement(
      ANY_DELEGATION,
      { v: 1, issuer: house.did, subject: node.did, at: NOW },
      house,
    );
    await expect(new Revocations().add(disguised)).rejects.toMatchObject(refused);
  });

  test.each([
    ["an unknown scope", { scopes: ["member", "root"] }],
    ["no scope", { scopes: [] }],
    ["a scope twice", { scopes: ["member", "member"] }],
    ["an unknown field", { extra: 1 }],
    ["another version", { v: 2 }],
    ["a time that is not a number", { notAfter: "never" }],
    ["a time that is not an integer", { notAfter: NOW + 0.5 }],
    ["a time beyond the safe integers", { notAfter: 2 ** 60 }],
    ["an empty name", { name: "" }],
    ["a long name", { name: "x".repeat(41) }],
    ["a name in two lines", { name: "Ada\nverified" }],
  ])("with %s is refused, although its house has signed it", async (_what, changes) => {
    const body = { v: 1, issuer: house.did, ...terms(), ...changes };
    const signed = await signStatement(ANY_DELEGATION, body, house);
    await expect(openDelegation(signed, node.did, NOW)).rejects.toMatchObject(refused);
    const { v: _v, issuer: _issuer, ...rest } = body;
    if (!("v" in changes)) await expect(delegate(house, rest as never)).rejects.toMatchObject({ code: "bad-request" });
  });
});

test("cannot imitate the name of another house with invisible characters", () => {
  for (const name of ["Ada", "Ada’s family", "Åsa 李 🏠", "👩‍👩‍👧 home", "عائلة"])
    expect(v.is(HouseNameSchema, name)).toBe(true);
  for (const name of [" Ada", "Ada ", "A\u202Eda", "A\u200Bda", "Ada\u2066", "A\u0000", "\u2028A", "A\uFEFFda"]) {
    expect(v.is(HouseNameSchema, name)).toBe(false);
  }
});

describe("a revocation", () => {
  test("ends all delegations that were issued before it, in whatever order they arrive", async () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 0, max: 9 }), async (heard, issuedAt) => {
        const revocations = new Revocations();
        let latest = -1;
        for (const at of heard) {
          expect(await revocations.add(await revoke(house, node.did, at))).toBe(at > latest);
          latest = Math.max(latest, at);
        }
        const delegation = await openDelegation(await delegate(house, terms({ issuedAt })), node.did, NOW);
        expect(revocations.revoked(delegation)).toBe(issuedAt <= Math.max(...heard));
        expect(revocations.all).toHaveLength(1);
        expect(revocations.latest(house.did, node.did)).toBe(latest);
      }),
      { numRuns: 30 },
    );
  });

  test("applies to one node of one house only", async () => {
    const revocations = new Revocations();
    await revocations.add(await revoke(house, other.did, NOW));
    await revocations.add(await revoke(other, node.did, NOW));
    expect(revocations.revoked({ v: 1, issuer: house.did, ...terms() })).toBe(false);
    expect(revocations.latest(house.did, node.did)).toBeUndefined();
  });

  test("counts only with the signature of its issuer, and is not news the second time", async () => {
    const revocations = new Revocations();
    const signed = await revoke(house, node.did, NOW);
    const { payload, signatures } = await revoke(other, node.did, NOW);
    const forged: Signed[] = [
      { payload: signed.payload, signatures },
      { payload: signed.payload, signatures: [] },
      { payload: signed.payload, signatures: [...signed.signatures, ...signed.signatures] },
      { payload, signatures: signed.signatures },
    ];
    for (const wrong of forged) await expect(revocations.add(wrong)).rejects.toMatchObject(refused);
    expect(revocations.all).toEqual([]);
    expect(await revocations.add(signed)).toBe(true);
    expect(await revocations.add(signed)).toBe(false);
  });

  test("of a relevant house survives a flood of others, and no more than a thousand are kept", async () => {
    const revocations = new Revocations({ matters: (issuer) => issuer === house.did });
    const wanted = await revoke(house, node.did, NOW);
    const flood = (at: number): Promise<Signed> => revoke(other, `${node.did.slice(0, -4)}${code(at)}` as Did, at);
    await revocations.add(await flood(0));
    await revocations.add(wanted);
    for (let at = 1; at < 1100; at++) await revocations.add(await flood(at));
    expect(revocations.all).toHaveLength(1000);
    expect(revocations.all).toContain(wanted);
    expect(revocations.latest(house.did, node.did)).toBe(NOW);
    // The newest of the flood is kept, its oldest is not.
    expect(revocations.latest(other.did, `${node.did.slice(0, -4)}${code(1099)}` as Did)).toBe(1099);
    expect(revocations.latest(other.did, `${node.did.slice(0, -4)}${code(0)}` as Did)).toBeUndefined();
  });

  test("of a stranger is not kept if relevant revocations take all the space", async () => {
    const revocations = new Revocations({ matters: (issuer) => issuer === house.did });
    for (let at = 0; at < 1000; at++) {
      await revocations.add(await revoke(house, `${node.did.slice(0, -4)}${code(at)}` as Did, at));
    }
    expect(await revocations.add(await revoke(other, node.did, NOW))).toBe(false);
    expect(await revocations.add(await revoke(house, node.did, NOW))).toBe(true);
    expect(revocations.all).toHaveLength(1000);
  });
});

/** Four letters of base58 for a number. */
function code(n: number): string {
  const letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  return `11${letters[Math.floor(n / 58)]!}${letters[n % 58]!}`;
}
