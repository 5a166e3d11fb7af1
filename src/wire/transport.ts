/** What the wire needs of a transport: endpoints with an id, and lines between them that nobody has vouched for yet. */
import type { Bytes } from "../core";

/** One ordered, reliable, message-based channel. */
export interface RawChannel {
  /** Bytes that were sent but have not left yet. */
  readonly bufferedAmount: number;
  /** Sends one message. Throws where the channel is closed. */
  send(message: Bytes): void;
  /** Resolves when few bytes wait; rejects when the channel closes or has closed. */
  drained(): Promise<void>;
  /** Gets every message, those that came before the listener included. One listener at a time. */
  listen(listener: (message: Bytes) => void): void;
}

/** SHA-256 of the DER of both sides' DTLS certificates, as this side sees them. */
export interface Fingerprints {
  readonly local: Bytes;
  readonly remote: Bytes;
}

/** A line to another endpoint, before anybody has proved anything. */
export interface RawLink {
  /** Whether this side dialled. */
  readonly offerer: boolean;
  readonly control: RawChannel;
  readonly bulk: RawChannel;
  readonly stage: RawChannel;
  /** Resolves with the reason when the line is gone, whoever closed it. */
  readonly closed: Promise<string>;
  fingerprints(): Promise<Fingerprints>;
  /** From now on only this side, or the loss of the line itself, closes it; signaling cannot. */
  protect(): void;
  close(reason: string): void;
}

/** A presence at a signaling server under one id. */
export interface Endpoint {
  readonly id: string;
  /** Resolves with the reason when the server is lost or the endpoint was closed. Links live on. */
  readonly closed: Promise<string>;
  /** Called for every line that somebody else dialled and that is open. */
  onLink: (link: RawLink) => void;
  /** Dials another endpoint. Throws `peer-lost` where nobody answers within `timeoutMs`. */
  dial(id: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<RawLink>;
  /** Leaves the server. Lines that are protected stay. */
  close(): void;
}

/** A way to reach one signaling server. */
export interface Transport {
  /**
   * Takes a presence under `id`. Resolves to "taken" where somebody else holds it.
   * Throws `signaling-unreachable` where the server does not answer.
   */
  open(id: string, options: { signal: AbortSignal }): Promise<Endpoint | "taken">;
}
