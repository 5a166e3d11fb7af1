/** Sends frames over one channel in order, with bounded memory for a peer that reads slowly. */
import { type Bytes, MicrogridError } from "../core";
import { HIGH_WATER_BYTES, MAX_MESSAGE_BYTES, MAX_WAITING_FRAMES } from "./constants";
import { frameToMessages } from "./framing";
import type { RawChannel } from "./transport";

/** A queue of frames in front of a channel. */
export class FrameWriter {
  readonly #channel: RawChannel;
  readonly #maxBytes: number;
  #waiting: { readonly messages: Bytes[]; done(): void; fail(error: unknown): void }[] = [];
  #draining = false;
  #closed: MicrogridError | undefined;
  /** Called when too many frames wait for a peer that does not read; the link then ends. */
  onStall: () => void = () => undefined;

  /** `maxBytes`: the longest message. */
  constructor(channel: RawChannel, maxBytes = MAX_MESSAGE_BYTES) {
    this.#channel = channel;
    this.#maxBytes = maxBytes;
  }

  /**
   * Sends a frame; resolves when the next one may be sent. If the channel's buffer has room, the frame is sent synchronously,
   * so a frame that is sent while the page closes still gets out. Throws `peer-lost` if the writer is closed or too many
   * frames wait.
   */
  send(kind: string, body: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    const messages = frameToMessages(kind, body, this.#maxBytes);
    if (!this.#draining && this.#channel.bufferedAmount < HIGH_WATER_BYTES && messages.length === 1) {
      return this.#sendNow(messages);
    }
    if (this.#waiting.length >= MAX_WAITING_FRAMES) {
      this.onStall();
      return Promise.reject(new MicrogridError("peer-lost", "A peer does not read what is sent to it."));
    }
    const sent = new Promise<void>((done, fail) => this.#waiting.push({ messages, done, fail }));
    if (!this.#draining) void this.#drain();
    return sent;
  }

  /** Rejects waiting and future sends. */
  close(reason: string): void {
    this.#closed ??= new MicrogridError("peer-lost", `The connection to a peer has ended: ${reason}.`);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const frame of waiting) frame.fail(this.#closed);
  }

  async #sendNow(messages: readonly Bytes[]): Promise<void> {
    try {
      for (const message of messages) {
        while (this.#channel.bufferedAmount >= HIGH_WATER_BYTES && !this.#closed) await this.#channel.drained();
        if (this.#closed) throw this.#closed;
        this.#channel.send(message);
      }
    } catch (cause) {
      // A channel may close a moment before the link hears of it.
      throw this.#closed ?? new MicrogridError("peer-lost", "The connection to a peer has ended.", { cause });
    }
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) {
      try {
        await this.#sendNow(frame.messages);
        frame.done();
      } catch (error) {
        frame.fail(error);
      }
    }
    this.#draining = false;
  }
}
