/** A WebRTC data channel as a `RawChannel`. */
import type { Bytes } from "../../core";
import { LOW_WATER_BYTES, MAX_MESSAGE_BYTES } from "../constants";
import type { RawChannel } from "../transport";

/** Messages that may arrive before there is a listener; the handshake needs one. */
const MAX_EARLY_MESSAGES = 8;

/** Wraps a data channel; takes over its event handlers. */
export class DataChannel implements RawChannel {
  readonly #channel: RTCDataChannel;
  readonly #early: Bytes[] = [];
  #listener: ((message: Bytes) => void) | undefined;

  constructor(channel: RTCDataChannel) {
    this.#channel = channel;
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onmessage = (event: MessageEvent<unknown>) => this.#receive(event.data);
  }

  get bufferedAmount(): number {
    return this.#channel.bufferedAmount;
  }

  send(message: Bytes): void {
    this.#channel.send(message);
  }

  drained(): Promise<void> {
    const channel = this.#channel;
    const gone = new Error("the channel is closed");
    // The buffered amount of a closing channel never changes, so waiting for it would never end.
    if (channel.readyState !== "open") return Promise.reject(gone);
    if (channel.bufferedAmount <= LOW_WATER_BYTES) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = new AbortController();
      const settle = (action: () => void) => (): void => {
        stop.abort();
        action();
      };
      const { signal } = stop;
      channel.addEventListener("bufferedamountlow", settle(resolve), { signal });
      for (const type of ["closing", "close"])
        channel.addEventListener(
          type,
          settle(() => reject(gone)),
          { signal },
        );
    });
  }

  listen(listener: (message: Bytes) => void): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  #receive(data: unknown): void {
    // A text message or an oversized one can only come from a peer that breaks the protocol. An empty message breaks it too, so
    // it makes the reader report a violation.
    const bytes = data instanceof ArrayBuffer && data.byteLength <= MAX_MESSAGE_BYTES ? data : new ArrayBuffer(0);
    const message = new Uint8Array(bytes);
    if (this.#listener) this.#listener(message);
    else if (this.#early.length < MAX_EARLY_MESSAGES) this.#early.push(message);
  }
}
