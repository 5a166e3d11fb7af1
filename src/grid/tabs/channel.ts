/**
 * The line between the tabs of an origin. A BroadcastChannel serves with and without a Service Worker, and
 * what crosses it is text and small snapshots, so ports would bring nothing.
 */
import { randomId } from "../../core";
import { EVERYBODY, type Envelope } from "./protocol";

const NAME = "microgrid/tabs";

/** Sends frames to tabs and gets those for this one. */
export class TabChannel {
  readonly id = randomId(8);
  readonly #channel = new BroadcastChannel(NAME);
  #closed = false;

  /** Frames for one of `names` (or everybody) go to `listener`. Returns a function that stops listening. */
  listen(names: readonly string[], listener: (body: Envelope["body"], from: string) => void): () => void {
    const handler = ({ data }: MessageEvent<Envelope>): void => {
      if (names.includes(data.to) || data.to === EVERYBODY) listener(data.body, data.from);
    };
    this.#channel.addEventListener("message", handler);
    return () => this.#channel.removeEventListener("message", handler);
  }

  send(to: string, body: Envelope["body"]): void {
    if (!this.#closed) this.#channel.postMessage({ from: this.id, to, body } satisfies Envelope);
  }

  close(): void {
    this.#closed = true;
    this.#channel.close();
  }
}
