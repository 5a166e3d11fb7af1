/** Authenticated links between nodes: transport, framing, handshake, back-pressure, early loss detection. */
export { BUSY_LOST_MS } from "./constants";
export type { FrameBody, FrameOf, FrameTable } from "./frames";
export type { Credentials } from "./handshake";
export { Link } from "./link";
export { openPeerJsTransport } from "./peerjs";
export type { PeerJsOptions } from "./peerjs";
export { answerByHand, offerByHand } from "./webrtc/by-hand";
export type { HandAnswer, HandOffer } from "./webrtc/by-hand";
export type { Endpoint, RawChannel, RawLink, Transport } from "./transport";
