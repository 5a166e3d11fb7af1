/** Ed25519 with WebCrypto, or with a library if the browser's WebCrypto lacks it. */
import { base64urlnopad } from "@scure/base";
import { type Bytes, concat, toHex } from "../core";

/** A signing key: a non-extractable WebCrypto key, or the secret itself if WebCrypto lacks Ed25519. */
export type KeyPair =
  | { readonly kind: "webcrypto"; readonly publicKey: Bytes; readonly privateKey: CryptoKey }
  | { readonly kind: "library"; readonly publicKey: Bytes; readonly secret: Bytes };

/** The bytes before the 32-byte seed in the PKCS#8 form of an Ed25519 key (RFC 8410 §7). */
const PKCS8_PREFIX = new Uint8Array([0x30, 46, 0x02, 1, 0, 0x30, 5, 0x06, 3, 0x2b, 0x65, 0x70, 0x04, 34, 0x04, 32]);

/**
 * The encodings of points of small order, without the bit of their sign (as in libsodium). WebCrypto accepts signatures of such
 * keys, one of which may fit every text, and the library refuses them: all browsers must come to one result.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
]);

/** Whether this browser's WebCrypto supports Ed25519; tested once. */
let webCryptoKnowsEd25519: Promise<boolean> | undefined;

/** Makes a new random key. */
export async function makeKeyPair(): Promise<KeyPair> {
  if (await supportsEd25519()) {
    const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    return { kind: "webcrypto", publicKey, privateKey: pair.privateKey };
  }
  const { keygenAsync } = await import("@noble/ed25519");
  const { secretKey, publicKey } = await keygenAsync();
  return { kind: "library", publicKey: new Uint8Array(publicKey), secret: new Uint8Array(secretKey) };
}

/** Derives the key from a seed of 32 bytes (RFC 8032 §5.1.5). */
export async function keyPairFromSeed(seed: Uint8Array): Promise<KeyPair> {
  if (await supportsEd25519()) {
    const pkcs8 = concat(PKCS8_PREFIX, seed);
    // WebCrypto exports the public half of a private key only as a JWK.
    const open = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const { x = "" } = await crypto.subtle.exportKey("jwk", open);
    const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
    return { kind: "webcrypto", publicKey: new Uint8Array(base64urlnopad.decode(x)), privateKey };
  }
  const { getPublicKeyAsync } = await import("@noble/ed25519");
  return { kind: "library", publicKey: new Uint8Array(await getPublicKeyAsync(seed)), secret: new Uint8Array(seed) };
}

/** Signs the bytes. The signature has 64 bytes. */
export async function signWith(key: KeyPair, bytes: Uint8Array): Promise<Bytes> {
  if (key.kind === "webcrypto") {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", key.privateKey, bytes as Bytes));
  }
  const { signAsync } = await import("@noble/ed25519");
  return new Uint8Array(await signAsync(bytes, key.secret));
}

/** Whether `signature` is the key's signature of the bytes. Throws if the key or the signature is malformed. */
export async function verifyWith(publicKey: Bytes, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const unsigned = publicKey.slice();
  unsigned[31]! &= 0x7f;
  if (SMALL_ORDER.has(toHex(unsigned))) return false;
  if (await supportsEd25519()) {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return crypto.subtle.verify("Ed25519", key, signature as Bytes, bytes as Bytes);
  }
  const { verifyAsync } = await import("@noble/ed25519");
  return verifyAsync(signature, bytes, publicKey, { zip215: false });
}

function supportsEd25519(): Promise<boolean> {
  webCryptoKnowsEd25519 ??= crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).then(
    () => true,
    () => false,
  );
  return webCryptoKnowsEd25519;
}
