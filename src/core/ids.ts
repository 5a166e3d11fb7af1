/** Branded ids, so that the compiler does not accept one kind of id in place of another. */
import { randomBytes, toHex } from "./bytes";

/** The mark exists in types only. It has a name, not a symbol, so that the declarations of the npm package can write it. */
type Branded<Name extends string> = string & { readonly __brand: Name };

/** A node's public identity, `did:key:z6Mk…`; the same in all sessions and rooms. */
export type Did = Branded<"Did">;
/** The random id of one session of a node in a room; new at every start. */
export type PeerId = Branded<"PeerId">;
/** Hash of a room's genesis record, base64url; it never changes. */
export type RoomId = Branded<"RoomId">;
/** Id of a job, unique among one consumer's jobs. */
export type JobId = Branded<"JobId">;

/** True for the DID of an Ed25519 key, which is what all nodes and houses have. */
export function isDid(text: string): text is Did {
  return /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/.test(text);
}

/** A random id: `bytes` random bytes in lower-case hexadecimal. */
export function randomId(bytes = 16): string {
  return toHex(randomBytes(bytes));
}
