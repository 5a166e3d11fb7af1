/** Messages of a channel that came before anybody listens: kept in order, up to a limit. */
import type { Bytes } from "../core";
import { MAX_EARLY_BYTES } from "./constants";

/** Cost of a kept message besides its bytes, so that any number of empty ones is bounded too. */
const MESSAGE_COST_BYTES = 1024;

/** Keeps early messages. */
export class EarlyMessages {
  #messages: Bytes[] = [];
  #cost = 0;

  /** False where the message is not kept: the other side has sent too much, and the connection must end. */
  keep(message: Bytes): boolean {
    this.#cost += message.length + MESSAGE_COST_BYTES;
    if (this.#cost > MAX_EARLY_BYTES) return false;
    this.#messages.push(message);
    return true;
  }

  /** Hands out the messages, once. */
  take(): readonly Bytes[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#cost = 0;
    return messages;
  }
}
