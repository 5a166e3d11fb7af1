/** Houses from phrases: the same words give the same did everywhere, and an error says which word is wrong. */
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { equalBytes, randomBytes, utf8 } from "../core";
import { houseSigner, makeHouseSecret, phraseOfSecret, secretOfPhrase, verifySignature } from "./index";

const ABANDON = `${"abandon ".repeat(11)}about`;
const LEGAL = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const HAMSTER =
  "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length";

/** Phrases from BIP-39's own test vectors; their dids were computed independently, with Node's OpenSSL (HKDF, PKCS#8, SPKI). */
const VECTORS = [
  [ABANDON, "did:key:z6Mkw37Naw6UYGoEtCggekMJVVbTJe611EeNpEDgxAbPtyUk"],
  [LEGAL, "did:key:z6MkjeLCSKALazeSpFE7fRUx4tmwKGzhLkTXnBGxvAMN21DQ"],
  [`${"zoo ".repeat(11)}wrong`, "did:key:z6Mkf2qr6fCo43TaTjxc1ZuuaMkfH13KwHdL9a3v8FzXhZHy"],
  [HAMSTER, "did:key:z6Mko7VkJKcxQhNphCUdpN8R846LkqHdQoeg8USzobTNwapx"],
] as const;

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

describe("a recovery phrase", () => {
  test.each(VECTORS)("yields a known DID: %s", async (phrase, did) => {
    const secret = await secretOfPhrase(phrase);
    expect(await phraseOfSecret(secret)).toBe(phrase);
    expect((await houseSigner(secret)).did).toBe(did);
  });

  test("of a new house has twelve words and is never the same twice", async () => {
    const phrases = await Promise.all(Array.from({ length: 20 }, () => phraseOfSecret(makeHouseSecret())));
    expect(new Set(phrases).size).toBe(20);
    for (const phrase of phrases) expect(phrase.split(" ")).toHaveLength(12);
  });

  test("restores its secret, for every secret", async () => {
    const secrets = fc.constantFrom(16, 20, 24, 28, 32).chain((n) => fc.uint8Array({ minLength: n, maxLength: n }));
    await fc.assert(
      fc.asyncProperty(secrets, async (secret) => {
        expect(equalBytes(await secretOfPhrase(await phraseOfSecret(secret)), secret)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ["  LEGAL Winner\n thank\tyear wave  sausage worth useful legal winner thank yellow\r\n"],
    [
      "1. legal 2. winner 3. thank 4. year 5. wave 6. sausage 7. worth 8. useful 9. legal 10. winner 11. thank 12. yellow",
    ],
    [
      "1) legal\n2) winner\n3) thank\n4) year\n5) wave\n6) sausage\n7) worth\n8) useful\n9) legal\n10) winner\n11) thank\n12) yellow",
    ],
    ["legal, winner, thank, year, wave, sausage, worth, useful, legal, winner, thank, yellow"],
    ["ｌｅｇａｌ winner thank year wave sausage worth useful legal winner thank yellow"],
  ])("is read however it was written: %j", async (text) => {
    expect(await phraseOfSecret(await secretOfPhrase(text))).toBe(LEGAL);
  });

  test.each([
    ["", /has 12 words.*this one has 0/],
    ["legal winner", /this one has 2/],
    [`${LEGAL} legal`, /this one has 13/],
    [LEGAL.replace("worth", "wirth"), /Word 7 of the recovery phrase \(“wirth”\) is not in the list/],
    [LEGAL.replace("sausage", "sausages"), /Word 6 .*“sausage” is/],
    [LEGAL.replace("yellow", "y".repeat(60)), /Word 12 of the recovery phrase is not in the list/],
    [LEGAL.replace("yellow", "zoo"), /do not belong together/],
    [LEGAL.replace("legal winner", "winner legal"), /do not belong together/],
    ["legal ".repeat(500), /too long/],
  ])("says what is wrong: %j", async (text, expected) => {
    const reading = secretOfPhrase(text);
    await expect(reading).rejects.toThrow(expected);
    await expect(reading).rejects.toMatchObject({ code: "bad-request" });
  });

  test("is refused only with a readable message, whatever it contains", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        await expect(secretOfPhrase(text)).rejects.toMatchObject({ code: "bad-request" });
      }),
    );
  });
});

describe("a house signs", () => {
  test("statements that verify under its DID, and always the same ones with the same secret", async () => {
    const secret = makeHouseSecret();
    const [here, there] = [await houseSigner(secret), await houseSigner(secret)];
    expect(there.did).toBe(here.did);
    const signature = await here.sign(utf8("a statement"));
    expect(await there.sign(utf8("a statement"))).toEqual(signature);
    expect(await verifySignature(here.did, utf8("a statement"), signature)).toBe(true);
    expect(await verifySignature(here.did, utf8("another"), signature)).toBe(false);
  });

  test("in the same way if WebCrypto lacks Ed25519", async () => {
    const native = await houseSigner(await secretOfPhrase(LEGAL));
    const generateKey = crypto.subtle.generateKey.bind(crypto.subtle);
    vi.spyOn(crypto.subtle, "generateKey").mockImplementation(((algorithm: unknown, ...rest: [boolean, KeyUsage[]]) =>
      algorithm === "Ed25519"
        ? Promise.reject(new DOMException("not here", "NotSupportedError"))
        : generateKey(algorithm as AesKeyGenParams, ...rest)) as typeof generateKey);
    vi.resetModules();
    const older = await import("./index");
    const library = await older.houseSigner(await older.secretOfPhrase(LEGAL));
    expect(library.did).toBe(native.did);
    const signature = await library.sign(utf8("a statement"));
    expect(signature).toEqual(await native.sign(utf8("a statement")));
    expect(await older.verifySignature(native.did, utf8("a statement"), signature)).toBe(true);
    expect(await older.verifySignature(native.did, utf8("another"), signature)).toBe(false);
    expect(await older.verifySignature(native.did, utf8("a statement"), randomBytes(64))).toBe(false);
    const node = await older.makeEphemeralKey();
    expect(await verifySignature(node.did, utf8("x"), await node.sign(utf8("x")))).toBe(true);
  });
});
