/** A second channel of an authenticated link, with its own table of frames, which do not wait for those of other channels. */
import { MicrogridError } from "../core";
import { MAX_EARLY_BYTES } from "./constants";
import { type FrameBody, FrameLimits, type FrameOf, type FrameTable, encodeFrame, parseFrame } from "./frames";
import { type RawFrame, Reassembler } from "./framing";
import type { LinkBudget } from "./link-budget";
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
  #early: RawFrame[] = [];
  #earlyBytes = 0;
  #take: ((frame: RawFrame) => void) | undefined;

  /** `maxBytes`: the longest message; longer frames are sent in several. */
  constructor(channel: RawChannel, table: T, owner: LaneOwner, maxBytes?: number) {
    this.#table = table;
    this.#owner = owner;
    this.#writer = new FrameWriter(channel, maxBytes);
    this.#writer.onStall = () => owner.stalled();
    const limits = new FrameLimits(table);
    const reassembler = new Reassembler((kind) => limits.admit(kind, performance.now()));
    channel.listen((message) => {
      owner.heard();
      this.#spend(message.length, () => {
        const frame = reassembler.push(message);
        if (!this.#take) this.#earlyBytes += message.length;
        if (frame && this.#take) this.#take(frame);
        else if (frame && this.#earlyBytes <= MAX_EARLY_BYTES) this.#early.push(frame);
      });
    });
  }

  /**
   * Passes every frame to `listener`, including up to `MAX_EARLY_BYTES` of frames that came earlier. Only one listener. Frames that
   * `wants` refuses by their kind and encoded body are dropped before they are decoded.
   */
  listen(listener: (frame: FrameOf<T>) => void, wants: (frame: RawFrame) => boolean = () => true): void {
    const take = (frame: RawFrame): void => {
      const { budget } = this.#owner;
      if (this.#table[frame.kind]?.asked) budget.waive();
      if (wants(frame)) listener(parseFrame(this.#table, frame, budget));
    };
    this.#take = take;
    const early = this.#early;
    this.#early = [];
    for (const frame of early) this.#spend(0, () => take(frame));
  }

  /** Sends a frame; resolves when the next one may be sent. Throws as `Link.send` does. */
  async send<K extends keyof T & string>(kind: K, body: FrameBody<T, K>): Promise<void> {
    return this.#writer.send(kind, encodeFrame(this.#table, kind, body));
  }

  /** Rejects waiting and future sends. The link calls this when it ends. */
  close(reason: string): void {
    this.#writer.close(reason);
  }

  /** Works on a message within the link's budget. A peer that breaks a rule loses the link. */
  #spend(bytes: number, work: () => void): void {
    try {
      this.#owner.budget.spend(bytes, work);
    } catch (error) {
      this.#owner.accuse(error instanceof MicrogridError ? error.message : "it sent something unreadable");
    }
  }
}
