/** Encrypts a secret for storage on this device, with a non-extractable WebCrypto key. */
import * as v from "valibot";
import { type Bytes, randomBytes, utf8 } from "../core";

const IV_BYTES = 12;
const PURPOSE = utf8("microgrid/1 wrapped secret");

/** A wrapped secret as it is stored, together with its key. */
export const WrappedSchema = v.object({
  key: v.custom<CryptoKey>((value) => typeof value === "object" && value !== null),
  iv: v.pipe(v.instance(Uint8Array), v.length(IV_BYTES)),
  data: v.instance(Uint8Array),
});
export type Wrapped = v.InferOutput<typeof WrappedSchema>;

/**
 * Wraps a secret with AES-256-GCM under a new, non-extractable key. A copy of the stored bytes is useless on another device. A
 * script on this origin can unwrap the secret; nothing in a browser could prevent that.
 */
export async function wrapSecret(secret: Uint8Array): Promise<Wrapped> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = randomBytes(IV_BYTES);
  const parameters = { name: "AES-GCM", iv, additionalData: PURPOSE };
  const data = new Uint8Array(await crypto.subtle.encrypt(parameters, key, secret as Bytes));
  return { key, iv, data };
}

/** Decrypts the secret. Throws if the stored data was changed. */
export async function unwrapSecret({ key, iv, data }: Wrapped): Promise<Bytes> {
  const parameters = { name: "AES-GCM", iv: iv, additionalData: PURPOSE };
  return new Uint8Array(await crypto.subtle.decrypt(parameters, key, data));
}
