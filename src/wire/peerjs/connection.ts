/**
 * Our own connection class for PeerJS. The stock classes decode data from strangers, buffer without a limit, and can be closed by
 * the signaling server.
 */
import { BufferedConnection, type Peer } from "peerjs";
import type { RawLink } from "../transport";
import { WebRtcLine } from "../webrtc/line";

/**
 * A connection that PeerJS sets up, for an incoming offer or an outgoing call. Its base constructor already starts the
 * negotiation and calls back, so this class must not rely on field initialisers or private names.
 */
export class GridConnection extends BufferedConnection {
  readonly serialization: string;
  private readonly offerer: boolean;
  declare private made: WebRtcLine | undefined;

  constructor(peerId: string, provider: Peer, options: { _payload?: unknown }) {
    super(peerId, provider, options);
    // Part of the offer, which is written in a later task.
    this.serialization = "raw";
    this.offerer = options._payload === undefined;
    this.line().attach(this.peerConnection);
  }

  /** Resolves when all channels are open; rejects if the connection ends before that. */
  opened(): Promise<RawLink> {
    return this.line().opened(this.offerer);
  }

  /** Ends the connection for good. */
  end(reason: string): void {
    this.line().end(reason);
  }

  /** Ends a connection that has not opened in time. */
  giveUp(reason: string): void {
    this.line().giveUp(reason);
  }

  /** PeerJS calls this on a LEAVE, on an offer that repeats an id, and when its `Peer` is destroyed. */
  override close(): void {
    if (!this.line().protected) this.end("it was closed");
  }

  override _initializeDataChannel(channel: RTCDataChannel): void {
    this.line().setControl(channel);
  }

  /** Nothing is ever sent or received through PeerJS itself. */
  protected override _send(): void {
    throw new Error("frames go through the channels, never through PeerJS");
  }

  protected override _handleDataMessage(): void {
    // The channel's own listener receives the message.
  }

  private line(): WebRtcLine {
    return (this.made ??= new WebRtcLine(() => this.release()));
  }

  /** Lets PeerJS forget the connection. */
  private release(): void {
    super.close();
  }
}

/** Used for every serialization except ours, and for offers beyond the limit. Makes no connection. */
export class RefusedConnection {
  readonly type = "data";
  readonly connectionId: string;

  constructor(peerId: string, provider: Peer, options: { connectionId?: string }) {
    this.connectionId = String(options.connectionId);
    // PeerJS adds it to its list right after the constructor; remove it so that the list does not grow.
    queueMicrotask(() => {
      const { _connections: all } = provider as unknown as { _connections: Map<string, unknown[]> };
      const others = (all.get(peerId) ?? []).filter((connection) => connection !== this);
      if (others.length > 0) all.set(peerId, others);
      else all.delete(peerId);
    });
  }

  handleMessage(): void {
    // The refused side learns nothing.
  }

  close(): void {
    // There is nothing to close.
  }
}
