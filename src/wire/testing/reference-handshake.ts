/**
 * A second implementation of the handshake, written from docs/protocol.md alone: its own CBOR, Node's cryptography, and no code
 * of this program. It computes the published test vectors, which the program must reproduce.
 */
import { createCipheriv, createHash, createPrivateKey, createPublicKey, hkdfSync, sign } from "node:crypto";

/** The inputs of a vector; bytes are in hexadecimal. */
export interface VectorInput {
  readonly roomId: string;
  readonly epoch: number;
  /** Secret of the epoch. */
  readonly secret: string;
  /** Hash of the offerer's token if it is a guest. */
  readonly token?: string;
  readonly i: SideInput;
  readonly r: SideInput;
}
interface SideInput {
  /** Seed of the Ed25519 key (RFC 8032). */
  readonly key: string;
  readonly nonce: string;
  readonly fingerprint: string;
  readonly agent: string;
}
/** The computed values, in hexadecimal except the dids. */
export type VectorOutput = Readonly<Record<string, string>>;

/** Computes a vector. */
export function computeVector(input: VectorInput): VectorOutput {
  const token = input.token === undefined ? undefined : hex(input.token);
  const ikm = token ? hkdf(hex(input.secret), Buffer.alloc(0), text("microgrid/1 token", token)) : hex(input.secret);
  const m1 = (side: SideInput, withToken: boolean): Buffer =>
    cbor({ versions: [2], epoch: input.epoch, nonce: hex(side.nonce), ...(withToken && token && { token }) });
  const [m1i, m1r] = [m1(input.i, true), m1(input.r, false)];
  const transcript = sha256(
    text(
      "microgrid/1 hs",
      lp(text(input.roomId)),
      lp(m1i),
      lp(m1r),
      hex(input.i.fingerprint),
      hex(input.r.fingerprint),
    ),
  );
  const prove = (role: "i" | "r", side: SideInput) => {
    const { did, key } = identity(hex(side.key));
    const proofKey = hkdf(ikm, transcript, text(`proof ${role}`));
    const sig = sign(null, text(`microgrid/1 proof ${role}`, transcript, lp(text(did))), key);
    const cipher = createCipheriv("aes-256-gcm", proofKey, Buffer.alloc(12));
    const sealed = [cipher.update(cbor({ did, agent: side.agent, sig })), cipher.final(), cipher.getAuthTag()];
    return { did, proofKey, sig, m2: Buffer.concat(sealed) };
  };
  const [i, r] = [prove("i", input.i), prove("r", input.r)];
  const ready = sha256(text("microgrid/1 ready", transcript, lp(i.m2), lp(r.m2)));
  const bytes = {
    ...(token && { token_secret: ikm }),
    m1_i: m1i,
    m1_r: m1r,
    T: transcript,
    K_i: i.proofKey,
    K_r: r.proofKey,
    sig_i: i.sig,
    sig_r: r.sig,
    m2_i: i.m2,
    m2_r: r.m2,
    ready,
  };
  const shown = Object.fromEntries(Object.entries(bytes).map(([name, value]) => [name, value.toString("hex")]));
  return { did_i: i.did, did_r: r.did, ...shown };
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, "hex");
}

function text(start: string, ...rest: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(start, "utf8"), ...rest]);
}

/** LP(x): the length as 32 bits, big-endian, then x. */
function lp(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function hkdf(ikm: Buffer, salt: Buffer, info: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", ikm, salt, info, 32));
}

function identity(seed: Buffer): { did: string; key: ReturnType<typeof createPrivateKey> } {
  // PKCS #8 of an Ed25519 seed (RFC 8410).
  const der = Buffer.concat([hex("302e020100300506032b657004220420"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  return { did: `did:key:z${base58(Buffer.concat([hex("ed01"), publicKey]))}`, key };
}

function base58(bytes: Buffer): string {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let number = BigInt(`0x${bytes.toString("hex")}`);
  let digits = "";
  for (; number > 0n; number /= 58n) digits = alphabet[Number(number % 58n)]! + digits;
  return digits;
}

/** Canonical CBOR (RFC 8949 §4.2.1) of maps, lists, bytes, texts and small numbers. */
function cbor(value: unknown): Buffer {
  if (typeof value === "number") return head(0, value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), text(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const entries = Object.entries(value as object).map(([key, entry]) => [cbor(key), cbor(entry)] as const);
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument]);
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 255]);
}
