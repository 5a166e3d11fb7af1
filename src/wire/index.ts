/** Authenticated links between nodes: transport, framing, handshake, back-pressure, early loss detection. */
export { authenticate } from "./authenticate";
export type { AuthenticatedLine } from "./authenticate";
export { BUSY_LOST_MS, IDLE_LOST_MS } from "./constants";
export type { FrameBody, FrameOf, FrameTable } from "./frames";
export type { RawFrame } from "./framing";
export { tokenSecret } from "./handshake";
export type { MemberClaim } from "./handshake";
export { Lane } from "./lane";
export { Link } from "./link";
export type { Patience, Interest } from "./link-budget";
export { TokenBucket } from "./rate";
export type { FrameRate } from "./rate";
export { openPeerJsTransport } from "./peerjs";
export { answerByHand, offerByHand } from "./webrtc/by-hand";
export type { HandAnswer, HandOffer } from "./webrtc/by-hand";
export { type Endpoint, NoDirectWayError, type RawLink, type Transport } from "./transport";
