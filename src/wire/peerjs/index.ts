/** The transport over PeerJS. Its code is loaded only when a room is entered. */
import type { Transport } from "../transport";
import type { PeerJsOptions } from "./transport";

/** Makes a transport over the signaling server in the options. Does not contact the server yet. */
export async function openPeerJsTransport(options: PeerJsOptions): Promise<Transport> {
  const { PeerJsTransport } = await import("./transport");
  return new PeerJsTransport(options);
}
