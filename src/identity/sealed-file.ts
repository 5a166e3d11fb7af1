/**
 * Files encrypted with a passphrase: AES-256-GCM with a key from PBKDF2-SHA-256. The file states its parameters, within bounds,
 * and they are authenticated:
 *
 *     "MICROGRID SEALED" | 2 bytes: length of the header | header: CBOR {v, iterations, salt, iv} | ciphertext
 *
 * Everything before the ciphertext is its additional data.
 */
import * as v from "valibot";
import { type Bytes, MicrogridError, concat, decodeCbor, encodeCbor, equalBytes, randomBytes, utf8 } from "../core";

const MAGIC = utf8("MICROGRID SEALED");
const LENGTH_BYTES = 2;
const MAX_HEADER_BYTES = 256;
const SALT_BYTES = 16;
const IV_BYTES = 12;
/** A shorter passphrase can be guessed quickly, whatever the number of iterations. */
export const MIN_PASSPHRASE_CHARS = 12;
/** About 0.3 s on a laptop; the OWASP recommendation for PBKDF2-SHA-256 (2023). */
const ITERATIONS = 600_000;
/** Files of later versions may use more iterations, but a hostile file must not keep the device busy for hours. */
const MAX_ITERATIONS = 20 * ITERATIONS;
/** The whole file is in memory while it is opened. */
export const MAX_SEALED_BYTES = 256 * 1024 * 1024;

const Header = v.strictObject({
  v: v.literal(1),
  iterations: v.pipe(v.number(), v.integer(), v.minValue(ITERATIONS), v.maxValue(MAX_ITERATIONS)),
  salt: v.pipe(v.instance(Uint8Array), v.length(SALT_BYTES)),
  iv: v.pipe(v.instance(Uint8Array), v.length(IV_BYTES)),
});

/** Encrypts a file. Throws `bad-request` if the passphrase is shorter than `MIN_PASSPHRASE_CHARS`. */
export async function sealFile(content: Uint8Array, passphrase: string): Promise<Bytes> {
  if (passphrase.length < MIN_PASSPHRASE_CHARS) {
    throw refuse(`A passphrase needs at least ${MIN_PASSPHRASE_CHARS} characters. A few random words are good.`);
  }
  const header = { v: 1 as const, iterations: ITERATIONS, salt: randomBytes(SALT_BYTES), iv: randomBytes(IV_BYTES) };
  const encoded = encodeCbor(header);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint16(0, encoded.length);
  const head = concat(MAGIC, length, encoded);
  const key = await keyOf(passphrase, header.salt, header.iterations);
  const parameters = { name: "AES-GCM", iv: header.iv, additionalData: head };
  return concat(head, new Uint8Array(await crypto.subtle.encrypt(parameters, key, content as Bytes)));
}

/**
 * Decrypts a file. Throws `bad-request` if it is not a sealed file, comes from a later version, is damaged, or if the passphrase
 * is wrong. The last two cases cannot be distinguished.
 */
export async function openSealedFile(file: Uint8Array, passphrase: string): Promise<Bytes> {
  const start = MAGIC.length + LENGTH_BYTES;
  if (file.length < start || !equalBytes(file.subarray(0, MAGIC.length), MAGIC)) {
    throw refuse("This file is not a Microgrid backup, so nothing was read from it.");
  }
  if (file.length > MAX_SEALED_BYTES) throw refuse("This file is too large to be a backup. Nothing was read from it.");
  const length = new DataView(file.buffer, file.byteOffset).getUint16(MAGIC.length);
  if (length > MAX_HEADER_BYTES) throw damaged();
  const { salt, iv, iterations } = readHeader(file.subarray(start, start + length));
  const key = await keyOf(passphrase, salt, iterations);
  const additionalData = file.slice(0, start + length);
  const ciphertext = file.slice(start + length);
  try {
    const parameters = { name: "AES-GCM", iv: iv, additionalData };
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, ciphertext));
  } catch (cause) {
    throw refuse("This passphrase does not open this file, or the file is damaged. Nothing was changed.", cause);
  }
}

function readHeader(bytes: Uint8Array): v.InferOutput<typeof Header> {
  let value: unknown;
  try {
    value = decodeCbor(bytes);
  } catch (cause) {
    throw damaged(cause);
  }
  const version = v.safeParse(v.object({ v: v.pipe(v.number(), v.integer(), v.minValue(2)) }), value);
  if (version.success) {
    throw refuse(`This backup has version ${version.output.v}, and this Microgrid reads version 1. Update Microgrid.`);
  }
  const header = v.safeParse(Header, value);
  if (!header.success) throw damaged(header.issues);
  return header.output;
}

async function keyOf(passphrase: string, salt: Uint8Array, iterations: number): Promise<CryptoKey> {
  // The same letters can be typed as different code points on different keyboards.
  const secret = utf8(passphrase.normalize("NFKC"));
  const base = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveKey"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt: salt as Bytes, iterations };
  return crypto.subtle.deriveKey(derivation, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

function damaged(cause?: unknown): MicrogridError {
  return refuse("The header of this backup is damaged, so it cannot be opened. Nothing was changed.", cause);
}

function refuse(message: string, cause?: unknown): MicrogridError {
  return new MicrogridError("bad-request", message, { cause });
}
