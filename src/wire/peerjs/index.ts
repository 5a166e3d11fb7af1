/** The transport over PeerJS, fetched when a room is entered and not before. */
import type { Transport } from "../transport";
import type { PeerJsOptions } from "./transport";

export type { PeerJsOptions };

/** A transport over the signaling server in the options. Nothing is contacted yet. */
export async function openPeerJsTransport(options: PeerJsOptions): Promise<Transport> {
  const { PeerJsTransport } = await import("./transport");
  return new PeerJsTransport(options);
}
