/** Rate limits of frames: a token bucket (Turner, 1986) for each kind, and one for the items of all. */
import type { ItemBudget } from "../core";

/** How often a kind of frame may arrive. */
export interface FrameRate {
  /**
   * Frames that may arrive at once. While this page sleeps, frames of an honest peer pile up and arrive together. The burst must
   * allow everything that the peer sends until it gives up the link.
   */
  readonly burst: number;
  /** Sustained frames per second; 0 for kinds that are sent only at the start. */
  readonly perSecond: number;
}

/** Limits the rate of one kind of frame. */
export class TokenBucket {
  readonly #rate: FrameRate;
  #tokens: number;
  #at: number;

  constructor(rate: FrameRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = nowMs;
  }

  /** Takes one token if there is one. Returns whether a frame is allowed now. `nowMs` is a monotonic clock in milliseconds. */
  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#at) / 1000) * perSecond);
    this.#at = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/**
 * Items of CBOR that one peer may send, over all kinds and channels of a link: the size of a frame says little about what it costs
 * to read, its items do. Half a million take about a second.
 */
const ITEMS: FrameRate = { burst: 2_000_000, perSecond: 60_000 };

/** Limits the work of reading what a peer sends. `decodeCbor` takes from `items`. */
export class LinkBudget implements ItemBudget {
  items = ITEMS.burst;
  #at: number;

  constructor(nowMs: number) {
    this.#at = nowMs;
  }

  /** Call before a frame is read. */
  refill(nowMs: number): this {
    this.items = Math.min(ITEMS.burst, this.items + ((nowMs - this.#at) / 1000) * ITEMS.perSecond);
    this.#at = nowMs;
    return this;
  }
}
