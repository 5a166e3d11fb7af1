/** Bounds the cost of one link for this device, over all kinds of frames and all channels. */
import { type ItemBudget, MicrogridError } from "../core";

/** How much there may be at once, and how much comes back each second. */
interface Allowance {
  readonly most: number;
  readonly perSecond: number;
}

/** Four times what a browser can send over a fast local network, and two seconds of it at once. */
const BYTES: Allowance = { most: 512 * 2 ** 20, perSecond: 256 * 2 ** 20 };
/**
 * Items of CBOR: the size of a frame says little about what it costs to read, its items do. Half a million take about a second.
 * Taken while they are read, so that reading stops at the limit.
 */
const ITEMS: Allowance = { most: 2_000_000, perSecond: 60_000 };
/**
 * Milliseconds for which this link's messages held the thread: they are put together, decoded, checked and handled. It bounds
 * whatever the other two do not foresee. The frames of an answer or a pipeline take a few hundredths of a second for each second; a
 * slow or busy device measures a multiple of that.
 */
const TIME_MS: Allowance = { most: 10_000, perSecond: 300 };

/** Whether a frame is worth decoding. `asked`: this device waits for it, so it costs no patience. */
export type Interest = boolean | "asked";

/** The time of this thread that is left for what it has not asked for. Links may share it. */
export interface Patience {
  /** False once it is used up: what can be dropped is dropped unread then. */
  readonly isLeft: boolean;
  /** Takes `ms` from it. False for somebody who goes on although nothing is left. */
  spend(ms: number): boolean;
}

/** Limits the cost of what a peer sends. `decodeCbor` takes from `items`. */
export class LinkBudget implements ItemBudget {
  items = ITEMS.most;
  /** Limits what nobody here has asked for, beside the limits of the link itself. */
  patience: Patience | undefined;
  #bytes = BYTES.most;
  #timeMs = TIME_MS.most;
  #at: number;
  #isWaived = false;
  #isAsked = false;

  /** `nowMs` is a monotonic clock in milliseconds. */
  constructor(nowMs: number) {
    this.#at = nowMs;
  }

  /**
   * Runs all that this thread does at once with a message of `bytes` bytes, and takes from the budget what it costs. Throws
   * `peer-protocol`, before the work or after it, where the peer has used up its budget.
   */
  spend(bytes: number, work: () => void): void {
    const startedAt = performance.now();
    this.#refill(startedAt);
    this.#bytes -= bytes;
    if (this.#bytes < 0) throw exceeded("more bytes than one device may send");
    this.#isWaived = false;
    this.#isAsked = false;
    work();
    const ms = performance.now() - startedAt;
    if (!this.#isWaived) this.#timeMs -= ms;
    if (this.#timeMs < 0) throw exceeded("more than this device has time to read for one other");
    if (!this.#isAsked) this.charge(ms);
  }

  /** Counts work that came later of a message that nobody has asked for. Throws as `spend` does. */
  charge(ms: number): void {
    if (this.patience?.spend(ms) === false) throw exceeded("more than this device has time to read unasked");
  }

  /** Call within the work for a message that belongs to something that both sides want, such as a job: it costs no patience. */
  welcome(): void {
    this.#isAsked = true;
  }

  /** Call within the work for a message that this device has asked for: it chose to spend the time. */
  waive(): void {
    this.#isWaived = true;
    this.#isAsked = true;
  }

  #refill(nowMs: number): void {
    const seconds = (nowMs - this.#at) / 1000;
    this.#at = nowMs;
    const more = (left: number, { most, perSecond }: Allowance): number => Math.min(most, left + seconds * perSecond);
    this.items = more(this.items, ITEMS);
    this.#bytes = more(this.#bytes, BYTES);
    this.#timeMs = more(this.#timeMs, TIME_MS);
  }
}

function exceeded(what: string): MicrogridError {
  return new MicrogridError("peer-protocol", `A peer floods this device: it sent ${what}.`);
}
