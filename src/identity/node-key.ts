/** The key of this node: Ed25519, made at first start, kept in IndexedDB, never exported. */
import { type IDBPDatabase, openDB } from "idb";
import { type Bytes, type Did } from "../core";
import { didFromPublicKey, publicKeyFromDid } from "./did";

/** Signs as one identity. */
export interface Signer {
  readonly did: Did;
  /** The Ed25519 signature of the bytes, 64 bytes. */
  sign(bytes: Uint8Array): Promise<Bytes>;
}

/** What is kept: a WebCrypto key that cannot be extracted or, where WebCrypto lacks Ed25519, the secret itself. */
type StoredKey =
  | { readonly kind: "webcrypto"; readonly publicKey: Bytes; readonly privateKey: CryptoKey }
  | { readonly kind: "library"; readonly publicKey: Bytes; readonly secret: Bytes };

const DATABASE = "microgrid-identity";
const STORE = "keys";
const NODE_KEY = "node";

/** Asked once: whether WebCrypto of this browser knows Ed25519. */
let webCryptoKnowsEd25519: Promise<boolean> | undefined;

/**
 * The node's key, made now if there is none yet. Where IndexedDB is not available the key lives as long as
 * the page. Two tabs that start at once get the same key: the store keeps the first one.
 */
export async function openNodeKey(): Promise<Signer> {
  try {
    const database = await openDB(DATABASE, 1, { upgrade: (db) => void db.createObjectStore(STORE) });
    try {
      return signerOf(await loadOrKeep(database));
    } finally {
      database.close();
    }
  } catch {
    return signerOf(await makeKey());
  }
}

/** A key that is not kept, such as the throw-away founder key of a room. */
export async function makeEphemeralKey(): Promise<Signer> {
  return signerOf(await makeKey());
}

/** Whether `signature` is the signature of `bytes` by the key in `did`; false for anything malformed. */
export async function verifySignature(did: string, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    const publicKey = publicKeyFromDid(did);
    if (await supportsEd25519()) {
      const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
      return await crypto.subtle.verify("Ed25519", key, signature as Bytes, bytes as Bytes);
    }
    const ed25519 = await import("@noble/ed25519");
    return await ed25519.verifyAsync(signature, bytes, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

async function loadOrKeep(database: IDBPDatabase): Promise<StoredKey> {
  const stored = (await database.get(STORE, NODE_KEY)) as StoredKey | undefined;
  if (stored) return stored;
  // Keys are made outside the transaction, which would end while they are awaited.
  const made = await makeKey();
  const transaction = database.transaction(STORE, "readwrite");
  const first = (await transaction.store.get(NODE_KEY)) as StoredKey | undefined;
  if (!first) await transaction.store.put(made, NODE_KEY);
  await transaction.done;
  return first ?? made;
}

async function makeKey(): Promise<StoredKey> {
  if (await supportsEd25519()) {
    const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    return { kind: "webcrypto", publicKey, privateKey: pair.privateKey };
  }
  const ed25519 = await import("@noble/ed25519");
  const { secretKey, publicKey } = await ed25519.keygenAsync();
  return { kind: "library", publicKey: new Uint8Array(publicKey), secret: new Uint8Array(secretKey) };
}

function signerOf(key: StoredKey): Signer {
  return {
    did: didFromPublicKey(key.publicKey),
    async sign(bytes) {
      if (key.kind === "webcrypto") {
        return new Uint8Array(await crypto.subtle.sign("Ed25519", key.privateKey, bytes as Bytes));
      }
      const ed25519 = await import("@noble/ed25519");
      return new Uint8Array(await ed25519.signAsync(bytes, key.secret));
    },
  };
}

function supportsEd25519(): Promise<boolean> {
  webCryptoKnowsEd25519 ??= crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).then(
    () => true,
    () => false,
  );
  return webCryptoKnowsEd25519;
}
