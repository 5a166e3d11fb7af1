/** Delegations: valid ones are accepted, and nothing else can pass for them. */
import { beforeAll, describe, expect, test } from "vitest";
import * as v from "valibot";
import {
  type Delegation,
  HouseNameSchema,
  type Signed,
  type Signer,
  addSignature,
  delegate,
  makeEphemeralKey,
  openDelegation,
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
