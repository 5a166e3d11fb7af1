/** The frames of a handshake as they come in, handed out in the order in which they are due. */
import { type Bytes, MicrogridError } from "../core";
import type { RawFrame } from "./framing";

/** Hands out the handshake's frames in order, and keeps what came behind them. */
export class HandshakeInbox {
  readonly #frames: RawFrame[] = [];
  #wake: (() => void) | undefined;
  #error: unknown;

  push(frame: RawFrame): void {
    if (this.#frames.length > 8)
      return this.fail(new MicrogridError("handshake-failed", "A device floods the handshake."));
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
