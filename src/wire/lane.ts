/** A second channel of an authenticated link, with its own table of frames, which do not wait for those of other channels. */
import { MicrogridError } from "../core";
import { MAX_EARLY_BYTES } from "./constants";
import { type FrameBody, FrameLimits, type FrameOf, type FrameTable, encodeFrame, parseFrame } from "./frames";
import { Reassembler } from "./framing";
import type { RawChannel } from "./transport";
import type { LinkBudget } from "./rate";
import { FrameWriter } from "./writer";

/** Notifications from a lane to its link. */
interface LaneOwner {
  /** The items that the peer may still send, over all lanes. */
  readonly budget: LinkBudget;
  /** A message arrived. */
  heard(): void;
  /** The peer broke the protocol; `what` describes how. */
  accuse(what: string): void;
  /** The peer does not read. */
  stalled(): void;
}

/** Sends and receives frames of table `T` on its own channel. */
export class Lane<T extends FrameTable> {
  readonly #table: T;
  readonly #writer: FrameWriter;
  readonly #early: FrameOf<T>[] = [];
  #earlyBytes = 0;
  #listener: ((frame: FrameOf<T>) => void) | undefined;

  /** `maxBytes`: the longest message; longer frames are sent in several. */
  constructor(channel: RawChannel, table: T, owner: LaneOwner, maxBytes?: number) {
    this.#table = table;
    this.#writer = new FrameWriter(channel, maxBytes);
    this.#writer.onStall = () => owner.stalled();
    const limits = new FrameLimits(table);
    const reassembler = new Reassembler((kind) => limits.admit(kind, performance.now()));
    channel.listen((message) => {
      owner.heard();
      try {
        const frame = reassembler.push(message);
        if (this.#listener) {
          if (frame) this.#listener(parseFrame(table, frame, owner.budget.refill(performance.now())));
          return;
        }
        this.#earlyBytes += message.length;
        if (frame && this.#earlyBytes <= MAX_EARLY_BYTES) {
          this.#early.push(parseFrame(table, frame, owner.budget.refill(performance.now())));
        }
      } catch (error) {
        owner.accuse(error instanceof MicrogridError ? error.message : "it sent something unreadable");
      }
    });
  }

  /** Passes every frame to `listener`, including up to `MAX_EARLY_BYTES` of frames that came earlier. Only one listener. */
  listen(listener: (frame: FrameOf<T>) => void): void {
    this.#listener = listener;
    for (const frame of this.#early.splice(0)) listener(frame);
  }

  /** Sends a frame; resolves when the next one may be sent. Throws as `Link.send` does. */
  async send<K extends keyof T & string>(kind: K, body: FrameBody<T, K>): Promise<void> {
    return this.#writer.send(kind, encodeFrame(this.#table, kind, body));
  }

  /** Rejects waiting and future sends. The link calls this when it ends. */
  close(reason: string): void {
    this.#writer.close(reason);
  }
}
