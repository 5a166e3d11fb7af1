/**
 * The key of a house. It is derived from a short secret, so that a recovery phrase on paper is enough: the same secret gives the
 * same did on every device.
 */
import { type Bytes, randomBytes, utf8 } from "../core";
import { keyPairFromSeed } from "./ed25519";
import { type Signer, signerOf } from "./node-key";

/** Twelve words. An Ed25519 key is as hard to guess as 128 random bits, so a longer phrase would add nothing. */
const NEW_SECRET_BYTES = 16;
const SEED_BITS = 256;

/** Makes the secret of a new house. */
export function makeHouseSecret(): Bytes {
  return randomBytes(NEW_SECRET_BYTES);
}

/** Returns the house's signer: Ed25519 with the seed HKDF-SHA-256(secret, no salt, "microgrid/1 house key"). */
export async function houseSigner(secret: Uint8Array): Promise<Signer> {
  const key = await crypto.subtle.importKey("raw", secret as Bytes, "HKDF", false, ["deriveBits"]);
  const info = utf8("microgrid/1 house key");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return signerOf(await keyPairFromSeed(new Uint8Array(await crypto.subtle.deriveBits(derivation, key, SEED_BITS))));
}
