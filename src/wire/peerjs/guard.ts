/** Limits the cost of strangers, who can send anything to PeerJS. */
import { putNewest } from "../../core";
import type { Peer } from "peerjs";
import { MAX_HALF_OPEN } from "../constants";
import { GridConnection, RefusedConnection } from "./connection";

/** Limits how many offers from strangers are half open at once. */
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
    // PeerJS uses the remote's string as a key of a plain object, so the inherited names need entries too.
    const refused = ["default", "json", "binary", "binary-utf8", ...Object.getOwnPropertyNames(Object.prototype)];
    return { ...Object.fromEntries(refused.map((name) => [name, RefusedConnection])), raw: Raw };
  }

  /** Call this when an incoming connection is open or dead: it no longer counts as half open. */
  leave(): void {
    this.#halfOpen--;
  }

  #admit(): boolean {
    if (this.#halfOpen >= MAX_HALF_OPEN) return false;
    this.#halfOpen++;
    return true;
  }
}

/** The store in which PeerJS keeps messages that belong to no connection. Anybody can send such messages. */
interface Hoard {
  _lostMessages: Map<string, unknown[]>;
  _storeMessage(connectionId: string, message: unknown): void;
}

/** Limits for messages to connections that do not exist (yet), of which PeerJS would keep any number. */
const MAX_LOST_IDS = 32;
const MAX_LOST_MESSAGES = 32;

/** Limits how many messages without a connection a `Peer` keeps. */
export function boundMemory(peer: Peer): void {
  const hoard = peer as unknown as Hoard;
  hoard._storeMessage = (connectionId, message) => {
    const lost = hoard._lostMessages;
    const messages = lost.get(connectionId) ?? [];
    if (messages.length < MAX_LOST_MESSAGES) messages.push(message);
    putNewest(lost, connectionId, messages, MAX_LOST_IDS);
  };
}
