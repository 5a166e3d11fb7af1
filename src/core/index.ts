/** The vocabulary that every folder shares: errors, ids, typed events, streams. It imports nothing. */
export { MicrogridError, errorFromData, errorToData, isAbort, toMicrogridError } from "./errors";
export type { ErrorCode, ErrorData } from "./errors";
export { TypedEventTarget } from "./events";
export { randomId, toHex } from "./ids";
export type { Did, JobId, PeerId, RoomId } from "./ids";
export { AsyncQueue } from "./queue";
