/** What keeps strangers, who can send PeerJS anything, from costing more than a bounded amount. */
import type { Peer } from "peerjs";
import { MAX_HALF_OPEN } from "../constants";
import { GridConnection, RefusedConnection } from "./connection";

/** Lets a bounded number of strangers' offers be half open at once. */
export class Gate {
  #halfOpen = 0;

  /** The table of connection classes for PeerJS: ours for `raw`, a refusal for everything else. */
  serializers(): Record<string, unknown> {
    const admit = this.#admit.bind(this);
    function Raw(peerId: string, provider: Peer, options: { _payload?: unknown }): GridConnection | RefusedConnection {
      return options._payload === undefined || admit()
        ? new GridConnection(peerId, provider, options)
        : new RefusedConnection(peerId, provider, options as { connectionId?: string });
    }
    // PeerJS looks the remote's word up in a plain object: what every object inherits has to be covered as well.
    const refused = ["default", "json", "binary", "binary-utf8", ...Object.getOwnPropertyNames(Object.prototype)];
    return { ...Object.fromEntries(refused.map((name) => [name, RefusedConnection])), raw: Raw };
  }

  /** Counts an incoming connection out again, once it is open or dead. */
  leave(): void {
    this.#halfOpen--;
  }

  #admit(): boolean {
    if (this.#halfOpen >= MAX_HALF_OPEN) return false;
    this.#halfOpen++;
    return true;
  }
}

/** What PeerJS keeps of messages that belong to no connection; anybody can send some. */
interface Hoard {
  _lostMessages: Map<string, unknown[]>;
  _storeMessage(connectionId: string, message: unknown): void;
}

/** Messages for connections that are not there (yet), of which PeerJS keeps any number. */
const MAX_LOST_IDS = 32;
const MAX_LOST_MESSAGES = 32;

/** Bounds what a `Peer` keeps of messages that belong to no connection. */
export function boundMemory(peer: Peer): void {
  const hoard = peer as unknown as Hoard;
  hoard._storeMessage = (connectionId, message) => {
    const lost = hoard._lostMessages;
    const messages = lost.get(connectionId) ?? [];
    if (messages.length < MAX_LOST_MESSAGES) messages.push(message);
    lost.delete(connectionId);
    lost.set(connectionId, messages);
    const [oldest] = lost.keys();
    if (lost.size > MAX_LOST_IDS && oldest !== undefined) lost.delete(oldest);
  };
}
