/** An authenticated line to another node: typed frames both ways, and an early word when the line is dead. */
import * as v from "valibot";
import { type Bytes, type Did, encodeCbor, MicrogridError } from "../core";
import {
  BUSY_LOST_MS,
  BUSY_PING_MS,
  IDLE_LOST_MS,
  IDLE_PING_MS,
  LEAVING_RATE,
  LINK_TICK_MS,
  MAX_EARLY_FRAMES,
  PING_RATE,
  SWIFT_MESSAGE_BYTES,
} from "./constants";
import { type FrameBody, FrameLimits, type FrameOf, type FrameTable, encodeFrame, parseFrame } from "./frames";
import { type RawFrame, Reassembler } from "./framing";
import type { Authenticated } from "./handshake";
import type { AuthenticatedLine } from "./authenticate";
import { Lane } from "./lane";
import type { RawLink } from "./transport";
import type { FrameWriter } from "./writer";

const Numbered = v.strictObject({ n: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** Frames of the line itself; every table of a protocol stands beside these. */
export const LINK_FRAMES = {
  /** Asks for a `pong` with the same number. */
  ping: { schema: Numbered, maxBytes: 64, rate: PING_RATE },
  pong: { schema: Numbered, maxBytes: 64, rate: PING_RATE },
  /** The sender goes away now, or refuses to go on; nothing follows. */
  leaving: {
    schema: v.strictObject({ reason: v.pipe(v.string(), v.maxLength(200)) }),
    maxBytes: 1024,
    rate: LEAVING_RATE,
  },
} satisfies FrameTable;

/** An authenticated link over which the frames of table `T` are exchanged. */
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
  readonly #early: FrameOf<T>[] = [];
  #listener: ((frame: FrameOf<T>) => void) | undefined;
  #ended: string | undefined;
  #lost = false;
  #quiet = false;
  #accused = false;
  #busy = 0;
  #ping = { n: 0, sentAt: 0, answered: true };
  #rttMs: number | undefined;
  #heardAt = performance.now();
  #buffered = 0;
  #tickedAt = performance.now();
  readonly #ticker: ReturnType<typeof setInterval>;

  /** Goes on where the handshake has ended, in the same task: the peer may send as soon as it has our last frame. */
  constructor({ raw, writer, peer }: AuthenticatedLine, table: T) {
    this.peer = peer;
    this.offerer = raw.offerer;
    this.#raw = raw;
    this.#table = table;
    this.#writer = writer;
    this.closed = raw.closed.then((reason) => {
      this.#lose(reason);
      return this.#ended ?? reason;
    });
    const limits = new FrameLimits({ ...table, ...LINK_FRAMES });
    const reassembler = new Reassembler((kind) => limits.admit(kind, performance.now()));
    raw.control.listen((message) => this.#read(reassembler, message));
    writer.onStall = () => this.#finish("it does not read what is sent to it");
    this.#ticker = setInterval(() => this.#tick(), LINK_TICK_MS);
    this.#sendPing();
  }

  get did(): Did {
    return this.peer.did;
  }

  /** Smoothed round trip in ms; undefined before the first answer. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** True where the link ended by itself, and nobody said good-bye: it is worth dialling again. */
  get lost(): boolean {
    return this.#lost;
  }

  /** True while a job or stage runs over it. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  /** Gets every frame, those that came before included. One listener. */
  listen(listener: (frame: FrameOf<T>) => void): void {
    this.#listener = listener;
    for (const frame of this.#early.splice(0)) listener(frame);
  }

  /**
   * Sends a frame; resolves when the next one may be sent. Throws `peer-lost` when the link has ended, `bad-request`
   * for a body that its schema or its cap does not allow.
   */
  async send<K extends keyof T & string>(kind: K, body: FrameBody<T, K>): Promise<void> {
    // What the other side would take for a violation must not leave this one.
    return this.#writer.send(kind, encodeFrame(this.#table, kind, body));
  }

  /** Sends a frame whose loss does not matter, such as a heartbeat. */
  post<K extends keyof T & string>(kind: K, body: FrameBody<T, K>): void {
    this.send(kind, body).catch(() => undefined);
  }

  /** Opens a further channel of the line, each at most once and in the task in which the link is made. */
  lane<U extends FrameTable>(channel: "bulk" | "stage", table: U): Lane<U> {
    const owner = {
      heard: () => (this.#heardAt = performance.now()),
      accuse: (what: string) => this.accuse(what),
      stalled: () => this.#finish("it does not read what is sent to it"),
    };
    const lane = new Lane(this.#raw[channel], table, owner, channel === "stage" ? SWIFT_MESSAGE_BYTES : undefined);
    this.#lanes.push(lane);
    return lane;
  }

  /** While a job or stage runs over the link its death is noticed within 5 s. Call the result when it has ended. */
  markBusy(): () => void {
    this.#busy++;
    if (this.#busy === 1) {
      // An idle link may have been silent for long; from here on silence counts, and the next tick asks for a sign.
      this.#heardAt = performance.now();
    }
    let marked = true;
    return () => {
      if (marked) this.#busy--;
      marked = false;
    };
  }

  /** Sends nothing of its own accord any more: the line is about to be handed over, and the peer will read it anew. */
  quiet(): void {
    clearInterval(this.#ticker);
    this.#quiet = true;
  }

  /** Ends the link and leaves its line open, for another handshake on it. The peer must do the same at this point. */
  release(): RawLink {
    this.quiet();
    this.#ended ??= "it goes on under another standing";
    return this.#raw;
  }

  /** Ends the link since the peer broke the protocol: `what` it did. */
  accuse(what: string): void {
    if (this.#ended !== undefined) return;
    this.#accused = true;
    this.close(`protocol error: ${what}`);
  }

  /** True where this side ended the link since the peer broke the protocol. */
  get accused(): boolean {
    return this.#accused;
  }

  /** Tells the peer, and ends the link. */
  close(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#post("leaving", { reason: reason.slice(0, 200) });
    this.#finish(reason);
  }

  #read(reassembler: Reassembler, message: Bytes): void {
    this.#heardAt = performance.now();
    try {
      const frame = reassembler.push(message);
      if (frame) this.#receive(frame);
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
    const parsed = parseFrame(this.#table, frame);
    if (this.#listener) this.#listener(parsed);
    else if (this.#early.push(parsed) > MAX_EARLY_FRAMES) this.close("it sent more than anybody reads here");
  }

  #receiveOwn(frame: FrameOf<typeof LINK_FRAMES>): void {
    switch (frame.kind) {
      case "ping":
        if (!this.#quiet) this.#post("pong", { n: frame.body.n });
        break;
      case "pong":
        if (frame.body.n !== this.#ping.n || this.#ping.answered) break;
        this.#ping.answered = true;
        this.#rttMs = smooth(this.#rttMs, performance.now() - this.#ping.sentAt);
        break;
      case "leaving":
        this.#finish(frame.body.reason);
        break;
    }
  }

  #tick(): void {
    const now = performance.now();
    // This page itself was asleep: the silence says nothing about the peer, so it gets a new chance.
    if (now - this.#tickedAt > 4 * LINK_TICK_MS) this.#heardAt = now;
    this.#tickedAt = now;
    const [pingMs, lostMs] = this.#busy > 0 ? [BUSY_PING_MS, BUSY_LOST_MS] : [IDLE_PING_MS, IDLE_LOST_MS];
    // Bytes that leave a full buffer were acknowledged: a slow line is not a dead one.
    const buffered = this.#raw.control.bufferedAmount;
    if (buffered < this.#buffered) this.#heardAt = now;
    this.#buffered = buffered;
    if (now - this.#heardAt > lostMs) this.#lose("it does not answer any more");
    else if (now - this.#ping.sentAt >= pingMs) this.#sendPing();
  }

  #sendPing(): void {
    this.#ping = { n: this.#ping.n + 1, sentAt: performance.now(), answered: false };
    this.#post("ping", { n: this.#ping.n });
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
    clearInterval(this.#ticker);
    this.#writer.close(reason);
    for (const lane of this.#lanes) lane.close(reason);
    this.#raw.close(reason);
  }
}

/** Follows changes within a few pings without jumping at each; weight of the new value as in RFC 6298. */
function smooth(old: number | undefined, sample: number): number {
  return old === undefined ? sample : old + (sample - old) / 8;
}
