/** The interface of a transport: endpoints with an id, and unauthenticated connections between them. */
import { type Bytes, MicrogridError } from "../core";

/**
 * Two devices have exchanged their offer and answer through signaling, but no packet passes directly between them: their
 * networks do not let it through, and no relay (TURN) is named.
 */
export class NoDirectWayError extends MicrogridError {
  /** Whether this side dialled. */
  readonly offerer: boolean;

  constructor(offerer: boolean) {
    super("peer-lost", "The other device is there, but no direct connection to it opens.");
    this.offerer = offerer;
  }
}

/** One ordered, reliable, message-based channel. */
export interface RawChannel {
  /** Bytes that are queued but have not left yet. */
  readonly bufferedAmount: number;
  /** Sends one message. Throws if the channel is closed. */
  send(message: Bytes): void;
  /** Resolves when few bytes are queued; rejects if the channel is closed. */
  drained(): Promise<void>;
  /**
   * Passes every message to `listener`, including messages that came earlier. One listener at a time. A side that sends more
   * than `MAX_EARLY_BYTES` before there is a listener loses the connection.
   */
  listen(listener: (message: Bytes) => void): void;
}

/** SHA-256 of the DER of both sides' DTLS certificates, as this side sees them. */
export interface Fingerprints {
  readonly local: Bytes;
  readonly remote: Bytes;
}

/** A connection to another endpoint, before either side has proved anything. */
export interface RawLink {
  /** Whether this side dialled. */
  readonly offerer: boolean;
  readonly control: RawChannel;
  readonly bulk: RawChannel;
  readonly stage: RawChannel;
  /** Resolves with the reason when the connection is closed by either side or lost. */
  readonly closed: Promise<string>;
  fingerprints(): Promise<Fingerprints>;
  /** From now on, signaling cannot close the connection: only this side or a network failure can. */
  protect(): void;
  close(reason: string): void;
}

/** A registration at a signaling server under one id. */
export interface Endpoint {
  readonly id: string;
  /** Resolves with the reason when the server is lost or the endpoint is closed. Protected links stay open. */
  readonly closed: Promise<string>;
  /** Called for every incoming connection once it is open. */
  onLink: (link: RawLink) => void;
  /** Called when a device has dialled this one, but no direct way leads to it. */
  onNoDirectWay: (error: NoDirectWayError) => void;
  /**
   * Dials another endpoint; all channels of the result are open. Throws `peer-lost` if nobody answers within `timeoutMs`,
   * `NoDirectWayError` (which is a `peer-lost`) if the other side answers but no direct connection opens in that time, and
   * the signal's reason once it aborts, which leaves no connection on either side.
   */
  dial(id: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<RawLink>;
  /** Leaves the server. Protected connections stay open. */
  close(): void;
}

/** A way to reach one signaling server. */
export interface Transport {
  /**
   * Registers under `id`. Resolves to "taken" if somebody else holds that id.
   * Throws `signaling-unreachable` if the server does not answer, and the signal's reason once it aborts.
   */
  open(id: string, options: { signal: AbortSignal }): Promise<Endpoint | "taken">;
}
