/** The basics that every folder uses: errors, bytes, ids, typed events, streams. This folder imports no other. */
export { onAbort } from "./abort";
export { concat, equalBytes, lengthPrefixed, randomBytes, sha256, toHex, utf8 } from "./bytes";
export type { Bytes } from "./bytes";
export { decodeCbor, encodeCbor } from "./cbor";
export { deferred } from "./deferred";
export type { Deferred } from "./deferred";
export { MicrogridError, errorToData, isAbort, toMicrogridError } from "./errors";
export type { ErrorCode, ErrorData } from "./errors";
export { TypedEventTarget } from "./events";
export { formatBytes } from "./format";
export { isDid, randomId } from "./ids";
export type { Did, JobId, PeerId, RoomId } from "./ids";
export { AsyncQueue } from "./queue";
export { unless, unlessAborted } from "./race";
export { sleep } from "./sleep";
export { DAY_MS } from "./time";
export { Turns } from "./turns";
export { spawnWorker } from "./worker";
