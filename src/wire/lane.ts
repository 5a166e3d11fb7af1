/** A second channel of an authenticated link, with its own table of frames, which do not wait for those of other channels. */
import { MicrogridError } from "../core";
import { MAX_EARLY_BYTES, MAX_EARLY_FRAMES } from "./constants";
import { type FrameBody, FrameLimits, type FrameOf, type FrameTable, encodeFrame } from "./frames";
import { type RawFrame, Reassembler } from "./framing";
import { Inbox } from "./inbox";
import type { LinkBudget, Interest } from "./link-budget";
import type { RawChannel } from "./transport";
import { FrameWriter } from "./writer";

/** Notifications from a lane to its link. */
interface LaneOwner {
  /** The costs that are left to the peer, over all lanes. */
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
  readonly #owner: LaneOwner;
  readonly #writer: FrameWriter;
  readonly #inbox: Inbox<T>;

  /** `maxBytes`: the longest message; longer frames are sent in several. */
  constructor(channel: RawChannel, table: T, owner: LaneOwner, maxBytes?: number) {
    this.#table = table;
    this.#owner = owner;
    this.#writer = new FrameWriter(channel, maxBytes);
    this.#writer.onStall = () => owner.stalled();
    this.#inbox = new Inbox(table, owner.budget, { frames: MAX_EARLY_FRAMES, bytes: MAX_EARLY_BYTES });
    const limits = new FrameLimits(table);
    const reassembler = new Reassembler((kind) => limits.admit(kind, performance.now()));
    channel.listen((message) => {
      owner.heard();
      this.#spend(message.length, () => {
        const frame = reassembler.push(message);
        if (frame) this.#inbox.receive(frame);
      });
    });
  }

  /**
   * Passes every frame to `listener`, including the first ones that came earlier (`MAX_EARLY_BYTES`, `MAX_EARLY_FRAMES`). Frames that
   * `wants` refuses by their kind and encoded body are dropped before they are decoded.
   */
  listen(listener: (frame: FrameOf<T>) => void, wants: (frame: RawFrame) => Interest = () => true): void {
    this.#guard(() => this.#inbox.listen(listener, wants));
  }

  /** Sends a frame; resolves when the next one may be sent. Throws as `Link.send` does. */
  async send<K extends keyof T & string>(kind: K, body: FrameBody<T, K>): Promise<void> {
    return this.#writer.send(kind, encodeFrame(this.#table, kind, body));
  }

  /** Rejects waiting and future sends. The link calls this when it ends. */
  close(reason: string): void {
    this.#writer.close(reason);
  }

  /** Works on a message within the link's budget. */
  #spend(bytes: number, work: () => void): void {
    this.#guard(() => this.#owner.budget.spend(bytes, work));
  }

  /** A peer that breaks a rule loses the link. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#owner.accuse(error instanceof MicrogridError ? error.message : "it sent something unreadable");
    }
  }
}
