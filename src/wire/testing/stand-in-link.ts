/** The common part of stand-ins for a connection: channels that queue, wait for a listener and end as a browser's do. */
import { type Bytes, randomBytes } from "../../core";
import { LOW_WATER_BYTES } from "../constants";
import { EarlyMessages } from "../early-messages";
import type { Fingerprints, RawChannel, RawLink } from "../transport";

/** One side of a channel; `carry` takes each message to the other side. */
export abstract class StandInChannel implements RawChannel {
  other: StandInChannel | undefined;
  bufferedAmount = 0;
  /** Ends the connection, because the other side sends more than this one keeps without a listener. */
  onFlood: () => void = () => undefined;
  readonly #early = new EarlyMessages();
  #listener: ((message: Bytes) => void) | undefined;
  #open = true;
  #drained: { resolve(): void; reject(error: Error): void }[] = [];

  /** Calls `arrive` in a later task, in the order of the messages; never for a message that is lost. */
  protected abstract carry(message: Bytes, arrive: (message: Bytes) => void): void;

  send(message: Bytes): void {
    if (!this.#open) throw closed();
    this.bufferedAmount += message.length;
    this.carry(message, (arrived) => {
      this.bufferedAmount -= message.length;
      if (this.bufferedAmount <= LOW_WATER_BYTES) for (const { resolve } of this.#drained.splice(0)) resolve();
      this.other?.receive(arrived);
    });
  }

  receive(message: Bytes): void {
    if (!this.#open) return;
    if (this.#listener) this.#listener(message);
    else if (!this.#early.keep(message)) this.onFlood();
  }

  drained(): Promise<void> {
    if (!this.#open) return Promise.reject(closed());
    if (this.bufferedAmount <= LOW_WATER_BYTES) return Promise.resolve();
    return new Promise((resolve, reject) => this.#drained.push({ resolve, reject }));
  }

  listen(listener: (message: Bytes) => void): void {
    this.#listener = listener;
    for (const message of this.#early.take()) listener(message);
  }

  shut(): void {
    this.#open = false;
    this.#listener = undefined;
    for (const { reject } of this.#drained.splice(0)) reject(closed());
  }
}

/** One side of a connection; tests may use its channels directly and change its fingerprint. */
export class StandInLink<C extends StandInChannel = StandInChannel> implements RawLink {
  readonly control: C;
  readonly bulk: C;
  readonly stage: C;
  readonly closed: Promise<string>;
  readonly offerer: boolean;
  local: Bytes = randomBytes(32);
  other: StandInLink<C> | undefined;
  #resolveClosed: (reason: string) => void = () => undefined;

  constructor(offerer: boolean, channel: () => C) {
    this.offerer = offerer;
    [this.control, this.bulk, this.stage] = [channel(), channel(), channel()];
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    for (const each of this.channels) each.onFlood = () => this.close("it sent more than this node reads");
  }

  get channels(): readonly [C, C, C] {
    return [this.control, this.bulk, this.stage];
  }

  async fingerprints(): Promise<Fingerprints> {
    return { local: this.local, remote: this.other?.local ?? randomBytes(32) };
  }

  protect(): void {}

  close(reason: string): void {
    this.end(reason);
    setTimeout(() => this.other?.end("it closed the connection"), this.goodbyeMs());
  }

  /** Ends this side alone. */
  end(reason: string): void {
    this.#resolveClosed(reason);
    for (const channel of this.channels) channel.shut();
  }

  /** How long it takes the other side to notice that this one has closed the connection. */
  protected goodbyeMs(): number {
    return 0;
  }
}

/** Joins the two sides of a connection. */
export function joinLinks<C extends StandInChannel, L extends StandInLink<C>>(near: L, far: L): [L, L] {
  for (const [one, two] of [
    [near, far],
    [far, near],
  ] as const) {
    one.other = two;
    one.channels.forEach((channel, i) => (channel.other = two.channels[i]));
  }
  return [near, far];
}

function closed(): Error {
  return new Error("the channel is closed");
}
