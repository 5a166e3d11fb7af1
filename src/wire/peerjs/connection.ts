/**
 * Our own connection class inside PeerJS: the stock ones decode what strangers send, buffer without bound
 * and are closed by whoever controls the signaling server.
 */
import { BufferedConnection, type Peer } from "peerjs";
import { type Bytes, MicrogridError } from "../../core";
import { BULK_CHANNEL_ID, STAGE_CHANNEL_ID } from "../constants";
import type { Fingerprints, RawLink } from "../transport";
import { DataChannel } from "./channel";
import { certificateFingerprint, sdpFingerprint } from "./fingerprint";

/**
 * One `RTCPeerConnection` with its three channels. PeerJS makes it, for an incoming offer or a call of ours,
 * and its base constructor already starts the negotiation, so nothing here may rely on field initialisers.
 */
export class GridConnection extends BufferedConnection {
  readonly serialization: string;
  declare private state: ConnectionState | undefined;

  constructor(peerId: string, provider: Peer, options: { _payload?: unknown }) {
    super(peerId, provider, options);
    // Travels in the offer, which is only written in a later task.
    this.serialization = "raw";
    const state = this.stateOf();
    state.offerer = options._payload === undefined;
    const pc = this.peerConnection;
    state.bulk = new DataChannel(pc.createDataChannel("bulk", { negotiated: true, id: BULK_CHANNEL_ID }));
    state.stage = new DataChannel(pc.createDataChannel("stage", { negotiated: true, id: STAGE_CHANNEL_ID }));
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "failed" || pc.connectionState === "closed")
        this.end("the network between the two was lost");
    });
    state.pc = pc;
  }

  /** Resolves when `control` is open, rejects when the connection ends before. */
  opened(): Promise<RawLink> {
    const state = this.stateOf();
    return Promise.race([
      state.opened.then(() => rawLinkOf(this, state)),
      state.closed.then((reason) => {
        throw new MicrogridError("peer-lost", `A device could not be reached: ${reason}.`);
      }),
    ]);
  }

  /** Ends the connection for good, whoever asked PeerJS to keep or close it. */
  end(reason: string): void {
    const state = this.stateOf();
    state.resolveClosed(reason);
    state.mayClose = true;
    super.close();
    // PeerJS may have let go of it before, when signaling asked it to and we refused.
    state.pc?.close();
  }

  /** PeerJS calls this on a LEAVE, on an offer that repeats an id, and when its `Peer` is destroyed. */
  override close(): void {
    const state = this.stateOf();
    if (state.mayClose) this.end("it was closed");
  }

  override _initializeDataChannel(channel: RTCDataChannel): void {
    const state = this.stateOf();
    // A second channel opened by the other side would take the place of `control`.
    if (state.control) return channel.close();
    state.control = new DataChannel(channel);
    channel.onopen = () => state.resolveOpened();
    channel.onclose = () => this.end("it closed the connection");
    if (channel.readyState === "open") state.resolveOpened();
  }

  /** Nothing is ever sent or received through PeerJS itself. */
  protected override _send(): void {
    throw new Error("frames go through the channels, never through PeerJS");
  }

  protected override _handleDataMessage(): void {
    // The channel's own listener has it.
  }

  // Not `#state`: private names do not exist yet while the base constructor calls back.
  private stateOf(): ConnectionState {
    return (this.state ??= newState());
  }
}

/** Stands for every serialization but ours, and for offers beyond the limit: it makes no connection at all. */
export class RefusedConnection {
  readonly type = "data";
  readonly connectionId: string;

  constructor(_peerId: string, _provider: Peer, options: { connectionId?: string }) {
    this.connectionId = String(options.connectionId);
  }

  handleMessage(): void {
    // The refused side learns nothing.
  }

  close(): void {
    // There is nothing to close.
  }
}

interface ConnectionState {
  offerer: boolean;
  pc: RTCPeerConnection | undefined;
  control: DataChannel | undefined;
  bulk: DataChannel | undefined;
  stage: DataChannel | undefined;
  /** False once the link is authenticated: from then on, PeerJS does not close it. */
  mayClose: boolean;
  readonly opened: Promise<void>;
  readonly closed: Promise<string>;
  resolveOpened(): void;
  resolveClosed(reason: string): void;
}

function newState(): ConnectionState {
  let resolveOpened = (): void => undefined;
  let resolveClosed: (reason: string) => void = () => undefined;
  const opened = new Promise<void>((resolve) => (resolveOpened = resolve));
  const closed = new Promise<string>((resolve) => (resolveClosed = resolve));
  return {
    offerer: false,
    pc: undefined,
    control: undefined,
    bulk: undefined,
    stage: undefined,
    mayClose: true,
    opened,
    closed,
    resolveOpened,
    resolveClosed,
  };
}

function rawLinkOf(connection: GridConnection, state: ConnectionState): RawLink {
  const { control, bulk, stage, pc } = state;
  if (!control || !bulk || !stage || !pc)
    throw new MicrogridError("internal", "A connection opened without its channels.");
  return {
    offerer: state.offerer,
    control,
    bulk,
    stage,
    closed: state.closed,
    fingerprints: () => fingerprintsOf(pc),
    protect: () => (state.mayClose = false),
    close: (reason) => connection.end(reason),
  };
}

/** What this side's DTLS really uses and what it really got, not what the signaling server said. */
async function fingerprintsOf(pc: RTCPeerConnection): Promise<Fingerprints> {
  const own = pc.getConfiguration().certificates?.[0];
  const local: Bytes = own ? certificateFingerprint(own) : sdpFingerprint(pc.currentLocalDescription?.sdp);
  const der = pc.sctp?.transport.getRemoteCertificates?.()[0];
  const remote: Bytes = der
    ? new Uint8Array(await crypto.subtle.digest("SHA-256", der))
    : sdpFingerprint(pc.currentRemoteDescription?.sdp);
  return { local, remote };
}
