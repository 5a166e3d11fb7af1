/** `did:key` identifiers of Ed25519 public keys (W3C did:key method: base58btc of 0xed01 and the key). */
import { base58 } from "@scure/base";
import { type Bytes, type Did, MicrogridError, concat } from "../core";

/** Multicodec prefix of an Ed25519 public key, as an unsigned varint. */
const ED25519_CODEC = new Uint8Array([0xed, 0x01]);
const PUBLIC_KEY_BYTES = 32;
/** A did:key of an Ed25519 key is 56 characters long; anything far longer is not decoded. */
const MAX_DID_CHARS = 64;

/** The did of a raw Ed25519 public key of 32 bytes. */
export function didFromPublicKey(publicKey: Uint8Array): Did {
  return `did:key:z${base58.encode(concat(ED25519_CODEC, publicKey))}` as Did;
}

/** The raw public key (32 bytes) of a did. Throws `peer-protocol` if it is not the did of an Ed25519 key. */
export function publicKeyFromDid(did: string): Bytes {
  const refuse = (cause?: unknown): MicrogridError =>
    new MicrogridError("peer-protocol", "This is not an identity that Microgrid understands (did:key of Ed25519).", {
      cause,
    });
  if (!did.startsWith("did:key:z") || did.length > MAX_DID_CHARS) throw refuse();
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(did.slice("did:key:z".length));
  } catch (error) {
    throw refuse(error);
  }
  if (bytes.length !== ED25519_CODEC.length + PUBLIC_KEY_BYTES) throw refuse();
  if (bytes[0] !== ED25519_CODEC[0] || bytes[1] !== ED25519_CODEC[1]) throw refuse();
  return bytes.slice(ED25519_CODEC.length);
}
