/** How often a peer may send: a token bucket (Turner, 1986) for each kind of frame. */

/** How often a kind of frame may come. */
export interface FrameRate {
  /**
   * Frames that may come at once. While this page sleeps, frames of an honest peer pile up and arrive together: all
   * that it sends until it gives the link up must fit in here.
   */
  readonly burst: number;
  /** Frames per second that may come for ever; 0 for what is only sent at the start. */
  readonly perSecond: number;
}

/** Counts frames of one kind. */
export class TokenBucket {
  readonly #rate: FrameRate;
  #tokens: number;
  #at: number;

  constructor(rate: FrameRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = nowMs;
  }

  /** Whether one more may come now; `nowMs` is a clock that never goes back, in milliseconds. */
  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#at) / 1000) * perSecond);
    this.#at = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
