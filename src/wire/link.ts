/** An authenticated link to another node: typed frames both ways, and early detection of a dead connection. */
import * as v from "valibot";
import { type Bytes, type Did, encodeCbor, MicrogridError } from "../core";
import { LEAVING_RATE, MAX_EARLY_FRAMES, MAX_EARLY_LINK_BYTES, PING_RATE, SWIFT_MESSAGE_BYTES } from "./constants";
import { type FrameBody, FrameLimits, type FrameOf, type FrameTable, encodeFrame, parseFrame } from "./frames";
import { type RawFrame, Reassembler } from "./framing";
import type { Authenticated } from "./handshake";
import type { AuthenticatedLine } from "./authenticate";
import { Inbox } from "./inbox";
import { Lane } from "./lane";
import { LinkBudget, type Patience, type Interest } from "./link-budget";
import { Liveness } from "./liveness";
import type { RawLink } from "./transport";
import type { FrameWriter } from "./writer";

const Numbered = v.strictObject({ n: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** The frames of every link; each protocol adds its own table to them. */
export const LINK_FRAMES = {
  /** Asks for a `pong` with the same number. */
  ping: { schema: Numbered, maxBytes: 64, rate: PING_RATE },
  pong: { schema: Numbered, maxBytes: 64, rate: PING_RATE },
  /** The sender leaves, or refuses to continue; nothing follows. */
  leaving: {
    schema: v.strictObject({ reason: v.pipe(v.string(), v.maxLength(200)) }),
    maxBytes: 1024,
    rate: LEAVING_RATE,
  },
} satisfies FrameTable;

/** An authenticated link that exchanges the frames of table `T`. */
export class Link<T extends FrameTable> {
  readonly peer: Authenticated;
  /** Whether this side dialled. */
  readonly offerer: boolean;
  /** Resolves with the reason when the link has ended. */
  readonly closed: Promise<string>;

  readonly #raw: RawLink;
  readonly #table: T;
  readonly #writer: FrameWriter;
  readonly #lanes: { close(reason: string): void }[] = [];
  readonly #budget = new LinkBudget(performance.now());
  readonly #inbox: Inbox<T>;
  readonly #liveness: Liveness;
  #ended: string | undefined;
  #lost = false;
  #quiet = false;
  #accused = false;
  #endedHere = false;

  /** Must run in the task in which the handshake ended, because the peer may send as soon as it has our last frame. */
  constructor({ raw, writer, peer }: AuthenticatedLine, table: T) {
    this.peer = peer;
    this.offerer = raw.offerer;
    this.#raw = raw;
    this.#table = table;
    this.#writer = writer;
    this.#inbox = new Inbox(table, this.#budget, { frames: MAX_EARLY_FRAMES, bytes: MAX_EARLY_LINK_BYTES });
    this.closed = raw.closed.then((reason) => {
      this.#lose(reason);
      return this.#ended ?? reason;
    });
    writer.onStall = () => this.#finish("it does not read what is sent to it");
    this.#liveness = new Liveness({
      ping: (n) => this.#post("ping", { n }),
      unsentBytes: () => raw.control.bufferedAmount,
      lost: () => this.#lose("it does not answer any more"),
    });
    const limits = new FrameLimits({ ...table, ...LINK_FRAMES });
    const reassembler = new Reassembler((kind) => limits.admit(kind, performance.now()));
    // Messages that came early are read at once, so all else is in place by now.
    raw.control.listen((message) => this.#read(reassembler, message));
  }

  get did(): Did {
    return this.peer.did;
  }

  /** Smoothed round trip in ms; undefined before the first answer. */
  get rttMs(): number | undefined {
    return this.#liveness.rttMs;
  }

  /** True if the link ended without a `leaving` frame from either side: dialling again may succeed. */
  get lost(): boolean {
    return this.#lost;
  }

  /** True while a job or stage runs over it. */
  get busy(): boolean {
    return this.#liveness.busy;
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Passes every frame to `listener`, frames that came earlier first, until `pause` or another listener. `wants` may refuse a frame by
   * its kind and encoded body (`cborField`), so that it costs nothing then: it is dropped before it is decoded.
   */
  listen(listener: (frame: FrameOf<T>) => void, wants: (frame: RawFrame) => Interest = () => true): void {
    this.#guard(() => this.#inbox.listen(listener, wants));
  }

  /** From now on, frames that nobody has asked for take from `patience`. The link ends if they go on when none is left. */
  bound(patience: Patience): void {
    this.#budget.patience = patience;
  }

  /** Counts work that came later of an unasked frame. */
  charge(ms: number): void {
    this.#guard(() => this.#budget.charge(ms));
  }

  /** Frames wait, still encoded, until there is another listener. */
  pause(): void {
    this.#inbox.pause();
  }

  /**
   * Sends a frame; resolves when the next one may be sent. Throws `peer-lost` if the link has ended, and `bad-request` if the
   * body violates its schema or size limit.
   */
  async send<K extends keyof T & string>(kind: K, body: FrameBody<T, K>): Promise<void> {
    // Encoding checks the frame: this node must not send what the peer would treat as a violation.
    return this.#writer.send(kind, encodeFrame(this.#table, kind, body));
  }

  /** Sends a frame whose loss does not matter, such as a heartbeat. */
  post<K extends keyof T & string>(kind: K, body: FrameBody<T, K>): void {
    this.send(kind, body).catch(() => undefined);
  }

  /** As `post`, for a body that is encoded already. The caller vouches for it: it is not checked again. */
  postEncoded(kind: keyof T & string, body: Bytes): void {
    this.#writer.send(kind, body).catch(() => undefined);
  }

  /** Opens another channel of the connection. Call it at most once for each, in the task that makes the link. */
  lane<U extends FrameTable>(channel: "bulk" | "stage", table: U): Lane<U> {
    const owner = {
      heard: () => this.#liveness.heard(),
      accuse: (what: string) => this.accuse(what),
      stalled: () => this.#finish("it does not read what is sent to it"),
      budget: this.#budget,
    };
    const lane = new Lane(this.#raw[channel], table, owner, channel === "stage" ? SWIFT_MESSAGE_BYTES : undefined);
    this.#lanes.push(lane);
    return lane;
  }

  /** Marks the link as used by a job or stage, so that its loss is noticed within 5 s. Call the result when that has ended. */
  markBusy(): () => void {
    return this.#liveness.markBusy();
  }

  /** Stops pings and pongs: the connection is about to be handed over, and its next reader does not know them. */
  quiet(): void {
    this.#liveness.stop();
    this.#quiet = true;
  }

  /** Ends the link but keeps its connection open for another handshake. The peer must do the same at this point. */
  release(): RawLink {
    this.quiet();
    this.#ended ??= "its connection runs a new handshake";
    return this.#raw;
  }

  /** Ends the link because the peer broke the protocol; `what` describes how. */
  accuse(what: string): void {
    if (this.#ended !== undefined) return;
    this.#accused = true;
    this.close(`protocol error: ${what}`);
  }

  /** True if this side ended the link because the peer broke the protocol. */
  get accused(): boolean {
    return this.#accused;
  }

  /** True if this side ended the link. */
  get endedHere(): boolean {
    return this.#endedHere;
  }

  /** Tells the peer, and ends the link. */
  close(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#endedHere = true;
    this.#post("leaving", { reason: reason.slice(0, 200) });
    this.#finish(reason);
  }

  #read(reassembler: Reassembler, message: Bytes): void {
    this.#liveness.heard();
    this.#guard(() =>
      this.#budget.spend(message.length, () => {
        const frame = reassembler.push(message);
        if (frame) this.#receive(frame);
      }),
    );
  }

  /** A peer that breaks a rule loses the link. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.accuse(error instanceof MicrogridError ? error.message : "it sent something unreadable");
    }
  }

  #receive(frame: RawFrame): void {
    if (this.#ended !== undefined) return;
    if (Object.hasOwn(LINK_FRAMES, frame.kind)) {
      this.#receiveOwn(parseFrame(LINK_FRAMES, frame));
      return;
    }
    if (!this.#inbox.receive(frame)) this.close("it sent more than this node reads");
  }

  #receiveOwn(frame: FrameOf<typeof LINK_FRAMES>): void {
    switch (frame.kind) {
      case "ping":
        if (!this.#quiet) this.#post("pong", { n: frame.body.n });
        break;
      case "pong":
        this.#liveness.answered(frame.body.n);
        break;
      case "leaving":
        this.#finish(frame.body.reason);
        break;
    }
  }

  #post<K extends keyof typeof LINK_FRAMES>(kind: K, body: FrameBody<typeof LINK_FRAMES, K>): void {
    this.#writer.send(kind, encodeCbor(body)).catch(() => undefined);
  }

  #lose(reason: string): void {
    if (this.#ended === undefined) this.#lost = true;
    this.#finish(reason);
  }

  #finish(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#liveness.stop();
    this.#writer.close(reason);
    for (const lane of this.#lanes) lane.close(reason);
    this.#raw.close(reason);
  }
}
