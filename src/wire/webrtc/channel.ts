/** A WebRTC data channel as a `RawChannel`. */
import { type Bytes, unlessAborted } from "../../core";
import { LOW_WATER_BYTES, MAX_MESSAGE_BYTES } from "../constants";
import { EarlyMessages } from "../early-messages";
import type { RawChannel } from "../transport";

/** Wraps a data channel; takes over its event handlers. */
export class DataChannel implements RawChannel {
  /** Resolves when messages can be sent. */
  readonly opened: Promise<void>;
  readonly #channel: RTCDataChannel;
  readonly #over = new AbortController();
  readonly #early = new EarlyMessages();
  readonly #onFlood: () => void;
  #listener: ((message: Bytes) => void) | undefined;

  /** `onFlood` is called when the other side sends more than `MAX_EARLY_BYTES` before there is a listener. */
  constructor(channel: RTCDataChannel, onFlood: () => void) {
    this.#channel = channel;
    this.#onFlood = onFlood;
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    this.opened = new Promise((resolve) => {
      channel.onopen = () => resolve();
      if (channel.readyState === "open") resolve();
    });
    // The buffered amount of a closing channel never changes, so nobody must wait for it.
    for (const type of ["closing", "close"]) channel.addEventListener(type, () => this.shut());
    channel.onmessage = (event: MessageEvent<unknown>) => this.#receive(event.data);
  }

  get bufferedAmount(): number {
    return this.#channel.bufferedAmount;
  }

  send(message: Bytes): void {
    this.#over.signal.throwIfAborted();
    this.#channel.send(message);
  }

  drained(): Promise<void> {
    const channel = this.#channel;
    const { signal } = this.#over;
    if (channel.bufferedAmount <= LOW_WATER_BYTES && !signal.aborted) return Promise.resolve();
    const low = new Promise<void>((resolve) => {
      channel.addEventListener("bufferedamountlow", () => resolve(), { once: true, signal });
    });
    return unlessAborted(low, signal);
  }

  listen(listener: (message: Bytes) => void): void {
    this.#listener = listener;
    for (const message of this.#early.take()) listener(message);
  }

  /** Ends the channel for its users at once; a browser takes its time after its connection was closed. */
  shut(): void {
    this.#over.abort(new Error("the channel is closed"));
  }

  #receive(data: unknown): void {
    // A text message or an oversized one can only come from a peer that breaks the protocol. An empty message breaks it too, so
    // it makes the reader report a violation.
    const bytes = data instanceof ArrayBuffer && data.byteLength <= MAX_MESSAGE_BYTES ? data : new ArrayBuffer(0);
    const message = new Uint8Array(bytes);
    if (this.#listener) this.#listener(message);
    else if (!this.#early.keep(message)) this.#onFlood();
  }
}
