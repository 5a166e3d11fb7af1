/** The first frames of a link, one by one, before the rest goes to whoever the link belongs to. */
import { MicrogridError } from "../core";
import { HELLO_TIMEOUT_MS } from "./constants";
import type { RoomFrame, RoomFrameBody, RoomLink } from "./protocol";

/** The frames that open a link, by kind. */
interface Opening {
  hello: RoomFrameBody<"hello">;
  members: RoomFrameBody<"members">;
}

/** Reads the first frames of a link one by one, then hands on the rest. */
export class Introduction {
  readonly #link: RoomLink;
  readonly #frames: RoomFrame[] = [];
  #wake: () => void = () => undefined;
  #forward: ((frame: RoomFrame) => void) | undefined;

  constructor(link: RoomLink) {
    this.#link = link;
    link.listen((frame) => {
      if (this.#forward) this.#forward(frame);
      else this.#frames.push(frame);
      this.#wake();
    });
    void link.closed.then(() => this.#wake());
  }

  async take<K extends keyof Opening>(kind: K): Promise<Opening[K]> {
    const timer = setTimeout(() => this.#link.close("it did not introduce itself"), HELLO_TIMEOUT_MS);
    try {
      for (;;) {
        const frame = this.#frames.shift();
        if (frame?.kind === kind) return frame.body as Opening[K];
        if (frame) {
          this.#link.close(`it sent ${frame.kind} where ${kind} was due`);
          throw new MicrogridError("peer-protocol", `A device sent ${frame.kind} where ${kind} was due.`);
        }
        if (!this.#link.open) {
          throw new MicrogridError("peer-lost", `A device went away again: ${await this.#link.closed}.`);
        }
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing more is expected: the link ends with the next frame, or after a while. */
  closeSoon(reason: string): void {
    const close = (): void => this.#link.close(reason);
    this.#frames.length = 0;
    this.#forward = close;
    const timer = setTimeout(close, HELLO_TIMEOUT_MS);
    void this.#link.closed.then(() => clearTimeout(timer));
  }

  forward(listener: (frame: RoomFrame) => void): void {
    const frames = this.#frames.splice(0);
    this.#forward = listener;
    for (const frame of frames) listener(frame);
  }
}
