/**
 * Our own connection class inside PeerJS: the stock ones decode what strangers send, buffer without bound
 * and are closed by whoever controls the signaling server.
 */
import { BufferedConnection, type Peer } from "peerjs";
import type { RawLink } from "../transport";
import { WebRtcLine } from "../webrtc/line";

/**
 * A line that PeerJS brings up, for an incoming offer or a call of ours. Its base constructor already starts
 * the negotiation and calls back, so nothing here may rely on field initialisers or private names.
 */
export class GridConnection extends BufferedConnection {
  readonly serialization: string;
  private readonly offerer: boolean;
  declare private made: WebRtcLine | undefined;

  constructor(peerId: string, provider: Peer, options: { _payload?: unknown }) {
    super(peerId, provider, options);
    // Travels in the offer, which is only written in a later task.
    this.serialization = "raw";
    this.offerer = options._payload === undefined;
    this.line().attach(this.peerConnection);
  }

  /** Resolves when `control` is open, rejects when the connection ends before. */
  opened(): Promise<RawLink> {
    return this.line().opened(this.offerer);
  }

  /** Ends the connection for good. */
  end(reason: string): void {
    this.line().end(reason);
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
    // The channel's own listener has it.
  }

  private line(): WebRtcLine {
    return (this.made ??= new WebRtcLine(() => this.release()));
  }

  /** Lets PeerJS forget the connection. */
  private release(): void {
    super.close();
  }
}

/** Stands for every serialization but ours, and for offers beyond the limit: it makes no connection at all. */
export class RefusedConnection {
  readonly type = "data";
  readonly connectionId: string;

  constructor(peerId: string, provider: Peer, options: { connectionId?: string }) {
    this.connectionId = String(options.connectionId);
    // PeerJS lists it right after it was made; it must not pile up there.
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
