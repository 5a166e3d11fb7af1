/** Signed statements: opening returns what the named signers signed, and no statement can pass for a different one. */
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { type Did, concat, decodeCbor, encodeCbor, randomBytes, sha256, utf8 } from "../core";
import {
  SignedSchema,
  type Signed,
  type Signer,
  addSignature,
  makeEphemeralKey,
  openStatement,
  signStatement,
} from "./index";

const NOTE = { name: "note", schema: v.strictObject({ v: v.literal(1), text: v.string(), n: v.optional(v.number()) }) };
const OTHER = { ...NOTE, name: "other" };
const refused = { code: "peer-protocol" };

/** A statement around arbitrary bytes, with a valid signature. */
async function signBytes(payload: Uint8Array, signer: Signer, kind = "note"): Promise<Signed> {
  const sig = await signer.sign(concat(utf8(`microgrid/1 ${kind}`), new Uint8Array([0]), payload));
  return { payload: new Uint8Array(payload), signatures: [{ did: signer.did, sig }] };
}

describe("a statement", () => {
  test("contains its body and its signers, and has a hash of its own", async () => {
    const [ada, bob] = [await makeEphemeralKey(), await makeEphemeralKey()];
    const signed = await signStatement(NOTE, { v: 1, text: "hello" }, ada, bob);
    const opened = await openStatement(NOTE, signed);
    expect(opened.body).toEqual({ v: 1, text: "hello" });
    expect(opened.signers).toEqual([ada.did, bob.did]);
    expect(opened.hash).toEqual(await sha256(concat(utf8("microgrid/1 note\0"), signed.payload)));
  });

  test("travels through CBOR unchanged", async () => {
    const ada = await makeEphemeralKey();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.integer(), async (text, n) => {
        const signed = await signStatement(NOTE, { v: 1, text, n }, ada);
        const arrived = v.parse(SignedSchema, decodeCbor(encodeCbor(signed)));
        expect((await openStatement(NOTE, arrived)).body).toEqual({ v: 1, text, n });
      }),
      { numRuns: 30 },
    );
  });

  test("cannot pass for a statement of another kind", async () => {
    const signed = await signStatement(NOTE, { v: 1, text: "x" }, await makeEphemeralKey());
    await expect(openStatement(OTHER, signed)).rejects.toMatchObject(refused);
  });

  test("does not open after any bit was changed", async () => {
    const ada = await makeEphemeralKey();
    const { payload, signatures } = await signStatement(NOTE, { v: 1, text: "pay 10" }, ada);
    for (let bit = 0; bit < 8 * payload.length; bit++) {
      const changed = payload.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      await expect(openStatement(NOTE, { payload: changed, signatures })).rejects.toMatchObject(refused);
    }
    for (let place = 0; place < 64; place += 7) {
      const sig = signatures[0]!.sig.slice();
      sig[place]! ^= 1;
      await expect(openStatement(NOTE, { payload, signatures: [{ did: ada.did, sig }] })).rejects.toMatchObject(
        refused,
      );
    }
  });

  test("is invalid with one bad signature among good ones, and with a repeated signature", async () => {
    const [ada, bob] = [await makeEphemeralKey(), await makeEphemeralKey()];
    const { payload, signatures } = await signStatement(NOTE, { v: 1, text: "x" }, ada);
    const forged = { did: bob.did, sig: signatures[0]!.sig };
    for (const wrong of [[forged], [...signatures, forged], [...signatures, ...signatures]]) {
      await expect(openStatement(NOTE, { payload, signatures: wrong })).rejects.toMatchObject(refused);
    }
  });

  test("without signatures opens with an empty list of signers", async () => {
    expect((await openStatement(NOTE, await signStatement(NOTE, { v: 1, text: "x" }))).signers).toEqual([]);
  });

  test("keeps only the newest signature of each signer", async () => {
    const [ada, bob] = [await makeEphemeralKey(), await makeEphemeralKey()];
    let signed = await signStatement(NOTE, { v: 1, text: "x" }, ada);
    signed = await addSignature(NOTE, await addSignature(NOTE, signed, bob), ada);
    expect((await openStatement(NOTE, signed)).signers).toEqual([bob.did, ada.did]);
  });

  test.each([
    ["an unknown field", encodeCbor({ v: 1, text: "x", admin: true })],
    ["another version", encodeCbor({ v: 2, text: "x" })],
    ["no body", new Uint8Array()],
    ["bytes after the body", concat(encodeCbor({ v: 1, text: "x" }), new Uint8Array([0]))],
    // {"text": "x", "v": 1}: longer keys come later in canonical CBOR.
    ["keys in another order", new Uint8Array([0xa2, 0x64, ...utf8("text"), 0x61, 0x78, 0x61, 0x76, 1])],
    // {"v": 1 in two bytes, "text": "x"}
    [
      "a number longer than it needs to be",
      new Uint8Array([0xa2, 0x61, 0x76, 0x18, 1, 0x64, ...utf8("text"), 0x61, 0x78]),
    ],
    // {"v": 1.0, "text": "x"}
    [
      "a whole number as a fraction",
      new Uint8Array([0xa2, 0x61, 0x76, 0xf9, 0x3c, 0, 0x64, ...utf8("text"), 0x61, 0x78]),
    ],
    // {"v": 1, "v": 1, "text": "x"}
    ["a key twice", new Uint8Array([0xa3, 0x61, 0x76, 1, 0x61, 0x76, 1, 0x64, ...utf8("text"), 0x61, 0x78])],
    // {"v": 1, "text": "x", "__proto__": {"n": 1}}
    [
      "a prototype",
      new Uint8Array([
        0xa3,
        0x61,
        0x76,
        1,
        0x64,
        ...utf8("text"),
        0x61,
        0x78,
        0x69,
        ...utf8("__proto__"),
        0xa1,
        0x61,
        0x6e,
        1,
      ]),
    ],
  ])("with %s is refused, although its signature is right", async (_what, payload) => {
    const signed = await signBytes(payload, await makeEphemeralKey());
    await expect(openStatement(NOTE, signed)).rejects.toMatchObject(refused);
    expect(({} as Record<string, unknown>).n).toBeUndefined();
  });

  test("opens if only the signature was made by hand, so the table above can fail", async () => {
    const ada = await makeEphemeralKey();
    const bytes = new Uint8Array([0xa2, 0x61, 0x76, 1, 0x64, ...utf8("text"), 0x61, 0x78]);
    expect((await openStatement(NOTE, await signBytes(bytes, ada))).signers).toEqual([ada.did]);
  });

  test("is not signed if its body could not be opened again", async () => {
    const ada = await makeEphemeralKey();
    const sign = (body: unknown): Promise<Signed> => signStatement(NOTE, body as { v: 1; text: string }, ada);
    for (const wrong of [
      { v: 2, text: "x" },
      { v: 1 },
      { v: 1, text: "x", more: 1 },
      { v: 1, text: "x".repeat(33_000) },
    ]) {
      await expect(sign(wrong)).rejects.toMatchObject({ code: "bad-request" });
    }
  });
});

describe("a statement as it travels", () => {
  const did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK" as Did;
  const signature = { did, sig: randomBytes(64) };

  test.each([
    ["no payload", { signatures: [] }],
    ["a payload that is too long", { payload: new Uint8Array(33_000), signatures: [] }],
    ["a short signature", { payload: new Uint8Array(1), signatures: [{ did, sig: randomBytes(63) }] }],
    [
      "a did of another kind",
      { payload: new Uint8Array(1), signatures: [{ ...signature, did: "did:web:example.org" }] },
    ],
    ["too many signatures", { payload: new Uint8Array(1), signatures: Array.from({ length: 17 }, () => signature) }],
    ["an unknown field", { payload: new Uint8Array(1), signatures: [], note: "x" }],
    ["no statement", null],
  ])("with %s is not parsed", (_what, value) => expect(v.is(SignedSchema, value)).toBe(false));

  test("is parsed if it has any other form", () => {
    expect(v.is(SignedSchema, { payload: new Uint8Array(32_768), signatures: [signature] })).toBe(true);
  });
});
