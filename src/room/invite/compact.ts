/**
 * The compact form of an invite (version 4): only what a guest can neither get from whoever lets it in nor work out. The
 * token travels as its fields, since its signed bytes follow from them.
 */
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import { type Bytes, type RoomId, concat, decodeCbor, encodeCbor, fnv1a, utf8 } from "../../core";
import { type Signed, didFromPublicKey, publicKeyFromDid } from "../../identity";
import { MAX_ROOM_NAME_CHARS, MAX_SERVERS, RENDEZVOUS_BYTES } from "../constants";
import { ServerSchema, count } from "../schemas";
import type { Invite } from "./invite";
import { NONCE_BYTES, fieldsOfToken, tokenOfFields } from "./token";

/** The first byte. */
export const COMPACT_VERSION = 4;
/** Before the body: the version, the body's length (16 bits) and its checksum (16 bits). */
const HEAD_BYTES = 5;
const ROOM_BYTES = 32;
const SECRET_BYTES = 32;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const SIGNER_BYTES = KEY_BYTES + SIGNATURE_BYTES;
const MAX_SIGNERS = 16;

const Body = v.tuple([
  /**
   * The room, the token's secret and nonce, the rendezvous secret, and for each signer of the token its public key and
   * its signature, one after the other. The first signer has made the token.
   */
  v.pipe(
    v.instance(Uint8Array),
    v.check(({ length }) => length <= (MAX_SIGNERS + 2) * SIGNER_BYTES),
  ),
  v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ROOM_NAME_CHARS)),
  v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_SERVERS)),
  /** The token's epoch, its uses, and the second of its end. */
  count(Number.MAX_SAFE_INTEGER),
  count(Number.MAX_SAFE_INTEGER),
  v.number(),
]);

/** The invite with this name, for a link to the page. */
export function encodeCompact({ roomId, rendezvousSecret, token, servers }: Invite, name: string, page: URL): Bytes {
  const { epoch, uses, notAfter, nonce, issuer } = fieldsOfToken(token.signed);
  const first = token.signed.signatures.filter(({ did }) => did === issuer);
  const others = token.signed.signatures.filter(({ did }) => did !== issuer);
  const signers = [...first, ...others].flatMap(({ did, sig }) => [publicKeyFromDid(did), sig]);
  const keys = concat(base64urlnopad.decode(roomId), token.secret, nonce, rendezvousSecret, ...signers);
  const shortServers = servers.map((server) => shortServer(server, page));
  const body = encodeCbor([keys, name, shortServers, epoch, uses, notAfter / 1000]);
  const head = new DataView(new ArrayBuffer(HEAD_BYTES));
  head.setUint8(0, COMPACT_VERSION);
  head.setUint16(1, body.length);
  head.setUint16(3, checksum(body));
  return concat(new Uint8Array(head.buffer), body);
}

/** The bytes of the whole invite that begins with these at least three. */
export function compactLength(beginning: Uint8Array): number {
  return HEAD_BYTES + new DataView(beginning.buffer, beginning.byteOffset).getUint16(1);
}

/** Reads all of an invite. Throws if anything in it is not what was written, or if it needs a page that is not known. */
export function decodeCompact(bytes: Uint8Array, page: URL | undefined): Invite {
  const body = bytes.slice(HEAD_BYTES);
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint16(3) !== checksum(body)) throw new RangeError("checksum");
  const [keys, name, servers, epoch, uses, endsAt] = v.parse(Body, decodeCbor(body));
  let at = 0;
  const next = (length: number): Bytes => new Uint8Array(keys.slice(at, (at += length)));
  const [room, secret, nonce] = [next(ROOM_BYTES), next(SECRET_BYTES), next(NONCE_BYTES)];
  const rendezvousSecret = next(RENDEZVOUS_BYTES);
  const signatures: Signed["signatures"] = [];
  while (at < keys.length) signatures.push({ did: didFromPublicKey(next(KEY_BYTES)), sig: next(SIGNATURE_BYTES) });
  const issuer = signatures[0]!.did;
  const fields = { v: 1, room, issuer, epoch, uses, notAfter: Math.round(endsAt * 1000), nonce } as const;
  return {
    roomId: base64urlnopad.encode(room) as RoomId,
    name,
    rendezvousSecret,
    token: { signed: tokenOfFields(fields, signatures), secret },
    servers: servers.map((server) => v.parse(ServerSchema, wholeServer(server, page))),
  };
}

/** The longest beginning of a name that has at most this many bytes, with an ellipsis where it was cut. */
export function shortenedName(name: string, bytes: number): string {
  if (utf8(name).length <= bytes) return name;
  const characters = Array.from(name);
  while (characters.length > 0 && utf8(`${characters.join("")}…`).length > bytes) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

function checksum(body: Uint8Array): number {
  const sum = fnv1a(body);
  return (sum >>> 16) ^ (sum & 0xffff);
}

const HTTPS = "https://";

/** A server on the page's own host is written without it, any other without `https://`. */
function shortServer(server: string, page: URL): string {
  const host = hostOf(page);
  const rest = server.slice(host.length);
  if (server.startsWith(host) && /^([:/]|$)/.test(rest)) return rest;
  return server.startsWith(HTTPS) ? server.slice(HTTPS.length) : server;
}

function wholeServer(short: string, page: URL | undefined): string {
  if (/^([:/]|$)/.test(short)) {
    if (!page) throw new LinkNeededError();
    return `${hostOf(page)}${short}`;
  }
  return short.startsWith("http://") ? short : `${HTTPS}${short}`;
}

function hostOf({ protocol, hostname }: URL): string {
  return `${protocol}//${hostname}`;
}

/** The invite names a server on the host of its page, and only the part after that was given. */
export class LinkNeededError extends Error {}
