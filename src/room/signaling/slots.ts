/** The names under which a room is found at a signaling server; they reveal nothing to anybody without the secret. */
import { type Bytes, DAY_MS, sha256, toHex, utf8 } from "../../core";
import { RENDEZVOUS_BYTES, SLOT_COUNT } from "../constants";

/**
 * The secret by which the room is found during an epoch: HKDF-SHA-256 of the epoch's secret, which it reveals nothing
 * about. Nodes that were removed do not know the secret of the next epoch, so they cannot find the room's new slots.
 */
export async function rendezvousSecret(epochSecret: Bytes): Promise<Bytes> {
  const material = await crypto.subtle.importKey("raw", epochSecret, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8("microgrid/2 rendezvous") };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 8 * RENDEZVOUS_BYTES));
}

/** The number of the UTC day of a time. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** Bytes of an id: as many as those of the address of a node, so that the server cannot tell rooms from visitors by them. */
const ID_BYTES = 16;

/**
 * The ids of all slots of a day: the first 16 bytes of HMAC-SHA-256(rendezvousSecret, "slot" || i || "|" || day) in hexadecimal, i
 * and day in decimal.
 */
export async function slotIds(rendezvousSecret: Bytes, day: number): Promise<string[]> {
  const key = await crypto.subtle.importKey("raw", rendezvousSecret, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const id = async (slot: number): Promise<string> =>
    toHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(`slot${slot}|${day}`)), 0, ID_BYTES));
  return Promise.all(Array.from({ length: SLOT_COUNT }, (_, slot) => id(slot)));
}

/**
 * The room's signaling servers in the order in which every member tries them: rendezvous hashing
 * (Thaler and Ravishankar, 1998), so that rooms spread over servers, and members agree without exchanging messages.
 */
export async function orderServers(roomId: string, servers: readonly string[]): Promise<string[]> {
  const scored = await Promise.all(
    [...new Set(servers)].map(async (url) => ({ url, score: toHex(await sha256(utf8(`${roomId}|${url}`))) })),
  );
  return scored.sort((a, b) => (a.score < b.score ? 1 : -1)).map(({ url }) => url);
}
