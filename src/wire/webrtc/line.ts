/** An `RTCPeerConnection` with its three channels, as a connection between two endpoints. */
import { type Bytes, MicrogridError, deferred } from "../../core";
import { BULK_CHANNEL_ID, STAGE_CHANNEL_ID } from "../constants";
import { type Fingerprints, NoDirectWayError, type RawChannel, type RawLink } from "../transport";
import { DataChannel } from "./channel";
import { certificateFingerprint, sdpFingerprint } from "./fingerprint";

/** A connection that is being set up: it becomes a `RawLink` when its channels open. */
export class WebRtcLine {
  readonly #closed: Promise<string>;
  #resolveClosed: (reason: string) => void = () => undefined;
  /** Resolves when there is a `control`, whichever side makes it. */
  readonly #arrived = deferred<void>();
  #pc: RTCPeerConnection | undefined;
  #control: DataChannel | undefined;
  #bulk: DataChannel | undefined;
  #stage: DataChannel | undefined;
  #protected = false;
  #ended = false;
  #noDirectWay = false;
  readonly #onEnd: () => void;

  /** `onEnd` is called once, when the connection has ended. */
  constructor(onEnd: () => void = () => undefined) {
    this.#onEnd = onEnd;
    this.#closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  /** True once signaling can no longer close the connection. */
  get protected(): boolean {
    return this.#protected;
  }

  /** Adds the negotiated channels, which must happen before the negotiation, and watches the connection. */
  attach(pc: RTCPeerConnection): void {
    this.#pc = pc;
    this.#bulk = this.#wrap(pc.createDataChannel("bulk", { negotiated: true, id: BULK_CHANNEL_ID }));
    this.#stage = this.#wrap(pc.createDataChannel("stage", { negotiated: true, id: STAGE_CHANNEL_ID }));
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "failed" || pc.connectionState === "closed") {
        this.giveUp("the network between the two was lost");
      }
    });
  }

  /** Takes the in-band channel. Closes a second one, which would otherwise replace the first. */
  setControl(channel: RTCDataChannel): void {
    if (this.#control) return channel.close();
    this.#control = this.#wrap(channel);
    channel.onclose = () => this.end("it closed the connection");
    this.#arrived.resolve();
  }

  /**
   * Resolves when all channels are open; throws `peer-lost` if the connection ends before that, `NoDirectWayError` if it was
   * given up while no packet had passed.
   */
  async opened(offerer: boolean): Promise<RawLink> {
    const failure = this.#closed.then((reason) => {
      if (this.#noDirectWay) throw new NoDirectWayError(offerer);
      throw new MicrogridError("peer-lost", `A device could not be reached: ${reason}.`);
    });
    await Promise.race([this.#arrived.promise, failure]);
    const [pc, control, bulk, stage] = [this.#pc, this.#control, this.#bulk, this.#stage];
    if (!pc || !control || !bulk || !stage) {
      throw new MicrogridError("internal", "A connection opened without its channels.");
    }
    await Promise.race([Promise.all([control.opened, bulk.opened, stage.opened]), failure]);
    const channels: Record<"control" | "bulk" | "stage", RawChannel> = { control, bulk, stage };
    return {
      ...channels,
      offerer,
      closed: this.#closed,
      fingerprints: () => fingerprintsOf(pc),
      protect: () => (this.#protected = true),
      close: (reason) => this.end(reason),
    };
  }

  #wrap(channel: RTCDataChannel): DataChannel {
    return new DataChannel(channel, () => this.end("it sent more than this node reads"));
  }

  /** Ends a connection that has taken too long or has failed. */
  giveUp(reason: string): void {
    const pc = this.#pc;
    const answered = pc?.remoteDescription != null && pc.localDescription !== null;
    const met = pc?.iceConnectionState === "connected" || pc?.iceConnectionState === "completed";
    if (!this.#ended) this.#noDirectWay = answered && !met;
    this.end(reason);
  }

  /** Ends the connection for good. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#resolveClosed(reason);
    for (const channel of [this.#control, this.#bulk, this.#stage]) channel?.shut();
    this.#pc?.close();
    this.#onEnd();
  }
}

/** The certificates that DTLS really uses on both sides, not those that the signaling server claims. */
async function fingerprintsOf(pc: RTCPeerConnection): Promise<Fingerprints> {
  const own = pc.getConfiguration().certificates?.[0];
  const local: Bytes = own ? certificateFingerprint(own) : sdpFingerprint(pc.currentLocalDescription?.sdp);
  // Not every browser has `getRemoteCertificates`.
  const transport = pc.sctp?.transport as Partial<RTCDtlsTransport> | undefined;
  const der = transport?.getRemoteCertificates?.()[0];
  const remote: Bytes = der
    ? new Uint8Array(await crypto.subtle.digest("SHA-256", der))
    : sdpFingerprint(pc.currentRemoteDescription?.sdp);
  return { local, remote };
}
