/** The key of this node: Ed25519, generated at the first start, stored on this device, never exported. */
import { type Bytes, type Did } from "../core";
import { didFromPublicKey, publicKeyFromDid } from "./did";
import { type KeyPair, makeKeyPair, signWith, verifyWith } from "./ed25519";
import { openKeep } from "./keep";

/** Signs as one identity. */
export interface Signer {
  readonly did: Did;
  /** The Ed25519 signature of the bytes, 64 bytes. */
  sign(bytes: Uint8Array): Promise<Bytes>;
}

const NODE_KEY = "node";

/**
 * Opens the node's key, or generates it if there is none yet. Without IndexedDB, the key is lost when the page closes. Two tabs
 * that start at the same time get the same key, because the storage keeps the first one.
 */
export async function openNodeKey(): Promise<Signer> {
  try {
    const keep = await openKeep();
    const kept = (await keep.get(NODE_KEY)) ?? (await keep.putFirst(NODE_KEY, await makeKeyPair()));
    return signerOf(kept as KeyPair);
  } catch {
    return makeEphemeralKey();
  }
}

/** Makes a key that is not stored, such as the throw-away identity of a guest. */
export async function makeEphemeralKey(): Promise<Signer> {
  return signerOf(await makeKeyPair());
}

/** Whether `signature` is the signature of `bytes` by the key in `did`; false for anything malformed. */
export async function verifySignature(did: string, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    return await verifyWith(publicKeyFromDid(did), bytes, signature);
  } catch {
    return false;
  }
}

/** Makes a signer from a key. */
export function signerOf(key: KeyPair): Signer {
  return { did: didFromPublicKey(key.publicKey), sign: (bytes) => signWith(key, bytes) };
}
