/** Sealed files: only the passphrase opens them, changes are detected, and hostile files cost little. */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { concat, encodeCbor, randomBytes, utf8 } from "../core";
import { openSealedFile, sealFile, unwrapSecret, wrapSecret } from "./index";

const PASSPHRASE = "seven quiet otters";
const CONTENT = utf8("all that is mine");

/** A file with an arbitrary header, as an attacker could make it. */
function fileWith(header: unknown, rest: Uint8Array = randomBytes(32)): Uint8Array {
  const encoded = header instanceof Uint8Array ? header : encodeCbor(header);
  const length = new Uint8Array([encoded.length >> 8, encoded.length & 255]);
  return concat(utf8("MICROGRID SEALED"), length, encoded, rest);
}

const HEADER = { v: 1, iterations: 600_000, salt: randomBytes(16), iv: randomBytes(12) };

describe("a sealed file", () => {
  test("opens with its passphrase, however that was typed, and with no other passphrase", async () => {
    const file = await sealFile(CONTENT, "Grüße an Åsa");
    expect(await openSealedFile(file, "Grüße an Åsa".normalize("NFD"))).toEqual(CONTENT);
    await expect(openSealedFile(file, "Grüße an Asa")).rejects.toThrow(/passphrase does not open/);
    await expect(openSealedFile(file, "")).rejects.toThrow(/passphrase does not open/);
  });

  test("differs each time, and reveals nothing of its content", async () => {
    const [one, two] = [await sealFile(CONTENT, PASSPHRASE), await sealFile(CONTENT, PASSPHRASE)];
    expect(one).not.toEqual(two);
    expect(new TextDecoder("latin1").decode(one)).not.toContain("mine");
  });

  test("does not open after any byte was changed, or after it was cut short", async () => {
    const file = await sealFile(CONTENT, PASSPHRASE);
    const places = [0, 15, 16, 17, 20, 30, 40, 60, 80, file.length - 17, file.length - 1];
    for (const place of places) {
      const changed = file.slice();
      changed[place]! ^= 1;
      await expect(openSealedFile(changed, PASSPHRASE)).rejects.toMatchObject({ code: "bad-request" });
    }
    for (const length of [0, 10, 17, 18, 60, file.length - 1]) {
      await expect(openSealedFile(file.subarray(0, length), PASSPHRASE)).rejects.toMatchObject({ code: "bad-request" });
    }
  });

  test("requires a strong passphrase", async () => {
    await expect(sealFile(CONTENT, "12345678901")).rejects.toThrow(/at least 12 characters/);
  });

  test.each([
    ["too much work", { ...HEADER, iterations: 2 ** 31 }],
    ["too little work", { ...HEADER, iterations: 1000 }],
    ["half an iteration", { ...HEADER, iterations: 600_000.5 }],
    ["a short salt", { ...HEADER, salt: randomBytes(4) }],
    ["a short IV", { ...HEADER, iv: randomBytes(4) }],
    ["an unknown field", { ...HEADER, kdf: "none" }],
    ["no header", {}],
    ["a list", [1, 2]],
    ["a prototype", new Uint8Array([0xa1, 0x69, ...utf8("__proto__"), 0xa0])],
    ["bytes that are not CBOR", new Uint8Array([0xff, 0xff])],
    ["the longest possible header", new Uint8Array(60_000)],
  ])("that asks for %s is refused before any key is made", async (_what, header) => {
    const derive = vi.spyOn(crypto.subtle, "deriveKey");
    await expect(openSealedFile(fileWith(header), PASSPHRASE)).rejects.toThrow(/damaged/);
    expect(derive).not.toHaveBeenCalled();
    derive.mockRestore();
  });

  test("of a later version is refused with a message that says so", async () => {
    await expect(openSealedFile(fileWith({ v: 2, kdf: "argon2id" }), PASSPHRASE)).rejects.toThrow(/version 2.*Update/);
  });

  test("of any other kind is refused with a readable message, whatever it contains", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, begins) => {
        const file = begins ? concat(utf8("MICROGRID SEALED"), bytes) : bytes;
        await expect(openSealedFile(file, PASSPHRASE)).rejects.toMatchObject({ code: "bad-request" });
      }),
      { numRuns: 300 },
    );
  });
});

describe("a wrapped secret", () => {
  test("can be unwrapped, and its key cannot be exported", async () => {
    const secret = randomBytes(16);
    const wrapped = await wrapSecret(secret);
    expect(await unwrapSecret(wrapped)).toEqual(secret);
    expect(wrapped.key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("raw", wrapped.key)).rejects.toThrow();
    const changed = wrapped.data.slice();
    changed[0]! ^= 1;
    await expect(unwrapSecret({ ...wrapped, data: changed })).rejects.toThrow();
  });
});
