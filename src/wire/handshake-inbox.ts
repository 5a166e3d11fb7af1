/** The frames of a handshake as they come in, handed out in the order in which they are due. */
import { type Bytes, MicrogridError } from "../core";
import type { RawFrame } from "./framing";

/** A handshake has three frames from each side; an honest node sends nothing behind them before it has got all. */
const MAX_FRAMES = 3;

/** Hands out the handshake's frames in order. Whoever sends more than there are is refused. */
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
      if (frame) throw new MicrogridError("handshake-failed", `A device sent ${frame.kind} where ${kind} was due.`);
      if (this.#error !== undefined) throw this.#error as Error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
