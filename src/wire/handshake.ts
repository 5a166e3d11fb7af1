/**
 * The handshake, which precedes everything else on a connection: both sides prove that they know a secret of the room and hold
 * their keys, and the proof is bound to this connection (docs/protocol.md, "Handshake").
 */
import * as v from "valibot";
import {
  type Bytes,
  concat,
  decodeCbor,
  type Did,
  encodeCbor,
  equalBytes,
  lengthPrefixed,
  MicrogridError,
  randomBytes,
  sha256,
  utf8,
} from "../core";
import { DidSchema, type Signer, verifySignature } from "../identity";
import type { Fingerprints } from "./transport";

/** Protocol versions that this program supports. */
export const PROTOCOL_VERSIONS: readonly number[] = [2];
const NONCE_BYTES = 32;
const TOKEN_BYTES = 32;

/** The inputs of a handshake. */
export interface Credentials {
  readonly signer: Signer;
  /** Hash of the room's genesis record. */
  readonly roomId: string;
  /** Name and version of the program, for debugging. */
  readonly agent: string;
  /** The claim that this node proves: that it is a member, or that it was invited. */
  readonly claim: MemberClaim | GuestClaim;
  /** Whether a node that broke the protocol is kept out: asked before its signature is checked. */
  readonly refuses?: (did: Did) => boolean;
}

/** A member knows the secrets of its own epoch and of all earlier ones. */
export interface MemberClaim {
  readonly kind: "member";
  /** The member's current epoch. */
  readonly epoch: number;
  /** The secret of an epoch up to the member's own; undefined for later ones. */
  secretOf(epoch: number): Bytes | undefined;
}

/** A guest knows the secret of an invite token, which every member of the token's epoch can derive. */
interface GuestClaim {
  readonly kind: "guest";
  /** Hash of the token. */
  readonly token: Bytes;
  /** The epoch in which the token was made. */
  readonly epoch: number;
  readonly secret: Bytes;
}

/** The authenticated identity of the other end. */
export interface Authenticated {
  readonly did: Did;
  readonly agent: string;
  readonly version: number;
  /**
   * The epoch that the other side named; both sides have proved that they know the secret of the lower of their two epochs.
   * For a guest, the epoch in which its token was made.
   */
  readonly epoch: number;
  /** Hash of the other side's token if it is only a guest. */
  readonly token: Bytes | undefined;
}

/** Sends and receives the three handshake frames, in order. */
export interface HandshakeLine {
  send(kind: "m1" | "m2" | "ready", body: Bytes): void;
  receive(kind: "m1" | "m2" | "ready"): Promise<Bytes>;
}

/** The inputs of a handshake that tests replace; nothing else may. */
export interface HandshakeSeam {
  readonly versions: readonly number[];
  nonce(): Bytes;
}
const REAL: HandshakeSeam = { versions: PROTOCOL_VERSIONS, nonce: () => randomBytes(NONCE_BYTES) };

type Role = "i" | "r";

const bytes = (length: number) =>
  v.pipe(
    v.instance(Uint8Array),
    v.check((value) => value.length === length),
  );
const M1 = v.strictObject({
  versions: v.pipe(
    v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
    v.minLength(1),
    v.maxLength(16),
  ),
  epoch: v.pipe(v.number(), v.integer(), v.minValue(0)),
  nonce: bytes(NONCE_BYTES),
  /** Hash of a guest's token. */
  token: v.optional(bytes(TOKEN_BYTES)),
});
type Hello = v.InferOutput<typeof M1>;
const M2 = v.strictObject({
  did: DidSchema,
  agent: v.pipe(v.string(), v.maxLength(64)),
  sig: bytes(64),
});

/**
 * Runs the exchange on a new connection. `offerer` says whether this side dialled.
 * Throws `handshake-failed` with the reason, or `peer-lost` for somebody whom this node refuses; the caller must then close the connection.
 */
export async function handshake(
  line: HandshakeLine,
  offerer: boolean,
  fingerprints: Fingerprints,
  credentials: Credentials,
  { versions, nonce } = REAL,
): Promise<Authenticated> {
  const { claim } = credentials;
  const me: Role = offerer ? "i" : "r";
  const other: Role = offerer ? "r" : "i";

  const ownM1 = encodeCbor({
    versions: [...versions],
    epoch: claim.epoch,
    nonce: nonce(),
    ...(claim.kind === "guest" && { token: claim.token }),
  });
  line.send("m1", ownM1);
  const theirM1 = await line.receive("m1");
  const hello = parse(M1, theirM1, "its first message is malformed");
  const version = Math.max(0, ...versions.filter((known) => hello.versions.includes(known)));
  if (version === 0) throw failure("it uses a different version of the protocol");
  const secret = await sharedSecret(claim, hello);

  const pick = <T>(own: T, theirs: T): [T, T] => (offerer ? [own, theirs] : [theirs, own]);
  const transcript = await sha256(
    concat(
      utf8("microgrid/1 hs"),
      lengthPrefixed(utf8(credentials.roomId)),
      ...pick(ownM1, theirM1).map(lengthPrefixed),
      ...pick(fingerprints.local, fingerprints.remote),
    ),
  );

  const sig = await credentials.signer.sign(statement(me, transcript, credentials.signer.did));
  const ownProof = encodeCbor({ did: credentials.signer.did, agent: credentials.agent, sig });
  const ownM2 = await seal(await proofKey(secret, transcript, me), ownProof);
  line.send("m2", ownM2);
  const theirM2 = await line.receive("m2");
  // Decrypting with the *other* role's key: an echo of our own proof cannot be decrypted.
  const opened = await open(await proofKey(secret, transcript, other), theirM2);
  const proof = parse(M2, opened, "its proof is malformed");
  if (proof.did === credentials.signer.did) throw failure("it claims to be this node itself");
  if (credentials.refuses?.(proof.did)) {
    throw new MicrogridError("peer-lost", "A device that broke the protocol is kept out for a while.");
  }
  if (!(await verifySignature(proof.did, statement(other, transcript, proof.did), proof.sig))) {
    throw failure("its signature is not valid");
  }

  const confirmation = await sha256(
    concat(utf8("microgrid/1 ready"), transcript, ...pick(ownM2, theirM2).map(lengthPrefixed)),
  );
  line.send("ready", confirmation);
  if (!equalBytes(await line.receive("ready"), confirmation))
    throw failure("it saw a different exchange than this node");
  return { did: proof.did, agent: proof.agent, version, epoch: hello.epoch, token: hello.token };
}

/** The secret that both sides can know: that of the lower epoch or, if one side is a guest, that of its token. */
async function sharedSecret(own: Credentials["claim"], theirs: Hello): Promise<Bytes> {
  if (own.kind === "guest") {
    if (theirs.token) throw failure("both are only guests of the room");
    return own.secret;
  }
  // For a guest it must be exactly the epoch that it names: with an earlier secret, anybody could forge tokens of this epoch.
  const secret = own.secretOf(theirs.token ? theirs.epoch : Math.min(own.epoch, theirs.epoch));
  if (!secret) throw failure("it is in another epoch of the room");
  return theirs.token ? tokenSecret(secret, theirs.token) : secret;
}

/**
 * Derives the secret of an invite token: HKDF-SHA-256 of the secret of its epoch, with the token's hash in `info`. Every member
 * can derive it, so any of them can let a guest in. It reveals nothing about the epoch's secret.
 */
export async function tokenSecret(epochSecret: Bytes, tokenHash: Bytes): Promise<Bytes> {
  const material = await crypto.subtle.importKey("raw", epochSecret, "HKDF", false, ["deriveBits"]);
  const info = concat(utf8("microgrid/1 token"), tokenHash);
  const bits = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(bits, material, 256));
}

/** The bytes that a role signs: this did takes part in this exchange, in this role. */
function statement(role: Role, transcript: Bytes, did: string): Bytes {
  return concat(utf8("microgrid/1 proof "), utf8(role), transcript, lengthPrefixed(utf8(did)));
}

/** HKDF-SHA-256 (RFC 5869) of the epoch secret, salted with the transcript; one AES-256-GCM key per role. */
async function proofKey(secret: Bytes, transcript: Bytes, role: Role): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const info = utf8(`proof ${role}`);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: transcript, info },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/** Nonce 0 is safe: each key encrypts only one message, because the transcript contains both sides' fresh nonces. */
const GCM_NONCE = new Uint8Array(12);

async function seal(key: CryptoKey, plain: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: GCM_NONCE }, key, plain));
}

async function open(key: CryptoKey, sealed: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: GCM_NONCE }, key, sealed));
  } catch (error) {
    throw failure("it does not know the room's secret, or somebody in between has tampered with the connection", error);
  }
}

function parse<S extends v.GenericSchema>(schema: S, encoded: Bytes, complaint: string): v.InferOutput<S> {
  try {
    return v.parse(schema, decodeCbor(encoded));
  } catch (error) {
    throw failure(complaint, error);
  }
}

function failure(why: string, cause?: unknown): MicrogridError {
  return new MicrogridError("handshake-failed", `A device tried to connect and was refused: ${why}.`, { cause });
}
