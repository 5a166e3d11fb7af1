/** Limits how much of a bulk transfer is on its way at once, so that it uses only the spare capacity of a line. */
import { MAX_FLYING_BYTES, MAX_PIECE_BYTES } from "../frames/bulk";

/**
 * The longest delay that the transfer's data in buffers may cause for other frames of the line. For comparison, a token
 * of an answer comes every 20 to 200 ms.
 */
const TARGET_MS = 50;
/** A transfer never stands still: two pieces may always be on their way. */
const MIN_BYTES = 2 * MAX_PIECE_BYTES;
const START_BYTES = 8 * MAX_PIECE_BYTES;
/** The shortest round trip is taken from this period and the one before: the path between two devices may change. */
const PERIOD_MS = 5 * 60_000;

/**
 * A window of bytes that have been sent and not been confirmed, steered by delay, after LEDBAT (RFC 6817, with the quick
 * start and the steep retreat of LEDBAT++). The round trip of a piece is that of the empty line plus its wait
 * in buffers, those of its sender and of the network; the window grows while that time is short, and shrinks
 * when it is longer than the target. Other traffic makes it longer too, so that the transfer gives way to it, whether it
 * is of this room or not.
 */
export class PaceWindow {
  #bytes = START_BYTES;
  /** Until the target is reached for the first time, the window doubles with each round trip. */
  #starting = true;
  #shortestMs = Infinity;
  #shortestBeforeMs = Infinity;
  #periodAt = -Infinity;
  #shrunkAt = -Infinity;

  /** Bytes that may be on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A piece was confirmed `rttMs` after it was sent, and `bytes` with it, of the `flying` bytes that were on their way.
   * `nowMs` is a clock that never goes back.
   */
  confirmed(bytes: number, flying: number, rttMs: number, nowMs: number): void {
    const waitedMs = rttMs - this.#shortest(rttMs, nowMs);
    if (waitedMs > TARGET_MS) {
      this.#starting = false;
      // Only once for each round trip: pieces already on their way were sent with the larger window.
      if (nowMs - this.#shrunkAt < rttMs) return;
      this.#shrunkAt = nowMs;
      this.#bytes = Math.max(MIN_BYTES, this.#bytes * Math.max(0.5, 2 - waitedMs / TARGET_MS));
      return;
    }
    // A window that was not filled says nothing about whether it may grow.
    if (flying < this.#bytes / 2) return;
    const room = 1 - waitedMs / TARGET_MS;
    const growth = this.#starting ? bytes : (2 * MAX_PIECE_BYTES * room * bytes) / this.#bytes;
    this.#bytes = Math.min(MAX_FLYING_BYTES, this.#bytes + growth);
  }

  #shortest(rttMs: number, nowMs: number): number {
    if (nowMs - this.#periodAt > PERIOD_MS) {
      this.#periodAt = nowMs;
      this.#shortestBeforeMs = this.#shortestMs;
      this.#shortestMs = rttMs;
    }
    this.#shortestMs = Math.min(this.#shortestMs, rttMs);
    return Math.min(this.#shortestMs, this.#shortestBeforeMs);
  }
}
