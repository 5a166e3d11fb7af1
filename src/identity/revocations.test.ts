/** Revocations: those of houses that this node knows count, and nobody can make room for others by inventing houses. */
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import * as v from "valibot";
import type { Did } from "../core";
import {
  type Delegation,
  Revocations,
  type Signed,
  type Signer,
  delegate,
  makeEphemeralKey,
  openDelegation,
  revoke,
  signStatement,
} from "./index";

const NOW = Date.UTC(2026, 5, 1);
const refused = { code: "peer-protocol" };

let house: Signer;
let other: Signer;
let node: Signer;
beforeAll(async () => {
  [house, other, node] = [await makeEphemeralKey(), await makeEphemeralKey(), await makeEphemeralKey()];
});

const terms = (issuedAt = NOW): Omit<Delegation, "v" | "issuer"> => ({
  name: "Ada",
  subject: node.did,
  scopes: ["member"],
  issuedAt,
  notAfter: NOW + 1e9,
});
/** Knows these houses, and no others. */
const knowing = (...houses: Signer[]) => {
  const dids = new Set(houses.map(({ did }) => did));
  return new Revocations({ matters: (issuer) => dids.has(issuer) });
};
/** A node that is not `node`. */
const made = (at: number): Did => `${node.did.slice(0, -4)}${code(at)}` as Did;

test("cannot pass for a delegation, nor a delegation for a revocation", async () => {
  await expect(openDelegation(await revoke(house, node.did, NOW), node.did, NOW)).rejects.toMatchObject(refused);
  await expect(knowing(house).add(await delegate(house, terms()))).rejects.toMatchObject(refused);
  const body = { v: 1, issuer: house.did, subject: node.did, at: NOW };
  const disguised = await signStatement({ name: "delegation", schema: v.any() }, body, house);
  await expect(knowing(house).add(disguised)).rejects.toMatchObject(refused);
});

describe("a revocation of a house that is known", () => {
  test("ends all delegations that were issued before it, in whatever order they arrive", async () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 0, max: 9 }), async (heard, issuedAt) => {
        const revocations = knowing(house);
        let latest = -1;
        for (const at of heard) {
          expect(await revocations.add(await revoke(house, node.did, at))).toBe(at > latest);
          latest = Math.max(latest, at);
        }
        const delegation = await openDelegation(await delegate(house, terms(issuedAt)), node.did, NOW);
        expect(revocations.revoked(delegation)).toBe(issuedAt <= Math.max(...heard));
        expect(revocations.all).toHaveLength(1);
        expect(revocations.latest(house.did, node.did)).toBe(latest);
      }),
      { numRuns: 30 },
    );
  });

  test("applies to one node of one house only", async () => {
    const revocations = knowing(house, other);
    await revocations.add(await revoke(house, other.did, NOW));
    await revocations.add(await revoke(other, node.did, NOW));
    expect(revocations.revoked({ v: 1, issuer: house.did, ...terms() })).toBe(false);
    expect(revocations.latest(house.did, node.did)).toBeUndefined();
  });

  test("counts only with the signature of its issuer, and is not news the second time", async () => {
    const revocations = knowing(house, other);
    const signed = await revoke(house, node.did, NOW);
    const { payload, signatures } = await revoke(other, node.did, NOW);
    const forged: Signed[] = [
      { payload: signed.payload, signatures },
      { payload: signed.payload, signatures: [{ did: house.did, sig: signatures[0]!.sig }] },
      { payload: signed.payload, signatures: [] },
      { payload: signed.payload, signatures: [...signed.signatures, ...signed.signatures] },
      { payload, signatures: signed.signatures },
    ];
    for (const wrong of forged) await expect(revocations.add(wrong)).rejects.toMatchObject(refused);
    expect(revocations.all).toEqual([]);
    expect(await revocations.add(signed)).toBe(true);
    expect(await revocations.add(signed)).toBe(false);
  });

  test("stays, however many others come", async () => {
    const revocations = knowing(house);
    await revocations.meet(other.did);
    const wanted = await revoke(house, node.did, NOW);
    await revocations.add(wanted);
    // A house that somebody has invented for a node of its own is met, too.
    for (let at = 1; at < 100; at++) await revocations.add(await revoke(other, made(at), at));
    expect(revocations.all).toHaveLength(1 + 64);
    expect(revocations.all).toContain(wanted);
    // The newest of the others is kept, the oldest is not.
    expect(revocations.latest(other.did, made(99))).toBe(99);
    expect(revocations.latest(other.did, made(1))).toBeUndefined();
  });

  test("takes the place of the oldest, where there are a thousand", async () => {
    const revocations = knowing(house);
    for (let at = 0; at < 1000; at++) await revocations.add(await revoke(house, made(at), at));
    await revocations.meet(other.did);
    expect(await revocations.add(await revoke(other, node.did, NOW))).toBe(false);
    expect(await revocations.add(await revoke(house, node.did, NOW))).toBe(true);
    expect(revocations.all).toHaveLength(1000);
  });
});

describe("revocations of houses that nobody knows", () => {
  test("cost no signature check, are not news, and do not push out any other", async () => {
    const onNews = vi.fn();
    const revocations = new Revocations({ matters: () => false, onNews });
    await revocations.meet(house.did);
    await revocations.add(await revoke(house, node.did, NOW));
    onNews.mockClear();
    const flood = await Promise.all(Array.from({ length: 1_100 }, (_, at) => revoke(other, made(at), at)));
    const verify = vi.spyOn(crypto.subtle, "verify");
    for (const signed of flood) expect(await revocations.add(signed)).toBe(false);
    expect(verify).not.toHaveBeenCalled();
    verify.mockRestore();
    expect(onNews).not.toHaveBeenCalled();
    expect(revocations.latest(house.did, node.did)).toBe(NOW);
  });

  test("count from the moment at which their house is met", async () => {
    const onNews = vi.fn();
    const revocations = new Revocations({ onNews });
    const signed = await revoke(house, node.did, NOW);
    expect(await revocations.add(signed)).toBe(false);
    await revocations.meet(house.did);
    expect(revocations.revoked({ v: 1, issuer: house.did, ...terms() })).toBe(true);
    expect(onNews).toHaveBeenCalledExactlyOnceWith(signed);
    const again = new Revocations();
    await again.restore(revocations.all);
    expect(again.latest(house.did, node.did)).toBe(NOW);
  });
});

/** Four letters of base58 for a number. */
function code(n: number): string {
  const letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  return `11${letters[Math.floor(n / 58)]!}${letters[n % 58]!}`;
}
