/** Rate limits of frames: a token bucket (Turner, 1986) for each kind. */

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
    if (!this.has(nowMs)) return false;
    this.#tokens--;
    return true;
  }

  /** Whether there is a token; it stays there. */
  has(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#at) / 1000) * perSecond);
    this.#at = nowMs;
    const isEmpty = this.#tokens < 1;
    return !isEmpty;
  }
}
