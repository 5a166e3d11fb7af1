/** Buffers the incoming frames of a handshake and hands them out in the expected order. */
import { type Bytes, MicrogridError } from "../core";
import type { RawFrame } from "./framing";

/** A handshake has three frames from each side. An honest node sends nothing more until it has received all of them. */
const MAX_FRAMES = 3;

/** Hands out the handshake's frames in order. Refuses a peer that sends too many. */
export class HandshakeInbox {
  readonly #frames: RawFrame[] = [];
  #received = 0;
  #wake: (() => void) | undefined;
  #error: unknown;

  push(frame: RawFrame): void {
    if (++this.#received > MAX_FRAMES) {
      return this.fail(new MicrogridError("handshake-failed", "A device floods the handshake."));
    }
    this.#frames.push(frame);
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#error ??= error;
    this.#wake?.();
  }

  async receive(kind: string): Promise<Bytes> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame?.kind === kind) return frame.body;
      if (frame)
        throw new MicrogridError("handshake-failed", `A device sent ${frame.kind} where ${kind} was expected.`);
      if (this.#error !== undefined) throw this.#error as Error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
