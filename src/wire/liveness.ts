/** Tells a dead connection from a slow one: pings, silence, and the time of a round trip. */
import { BUSY_LOST_MS, BUSY_PING_MS, IDLE_LOST_MS, IDLE_PING_MS, LINK_TICK_MS } from "./constants";

interface LivenessOptions {
  /** Sends a ping with this number. */
  ping(n: number): void;
  /** Bytes of the connection that are not sent yet. */
  unsentBytes(): number;
  /** The peer has been silent for too long. */
  lost(): void;
}

/** Watches one link from its making until `stop`. */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #ticker: ReturnType<typeof setInterval>;
  #busy = 0;
  #ping = { n: 0, sentAt: 0, answered: true };
  #rttMs: number | undefined;
  #heardAt = performance.now();
  #unsentBytes = 0;
  #tickedAt = performance.now();

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#ticker = setInterval(() => this.#tick(), LINK_TICK_MS);
    this.#sendPing();
  }

  /** Smoothed round trip in ms; undefined before the first answer. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** True while a job or stage runs over the link. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  /** Marks the link as used, so that its loss is noticed sooner. Call the result when the use has ended. */
  markBusy(): () => void {
    this.#busy++;
    if (this.#busy === 1) {
      // An idle link may have been silent for long: start measuring silence now; the next tick sends a ping.
      this.#heardAt = performance.now();
    }
    let marked = true;
    return () => {
      if (marked) this.#busy--;
      marked = false;
    };
  }

  /** Something has come from the peer. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** The answer to ping `n` has come. */
  answered(n: number): void {
    if (n !== this.#ping.n || this.#ping.answered) return;
    this.#ping.answered = true;
    this.#rttMs = smooth(this.#rttMs, performance.now() - this.#ping.sentAt);
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  #tick(): void {
    const now = performance.now();
    // This page was asleep, so the silence says nothing about the peer.
    if (now - this.#tickedAt > 4 * LINK_TICK_MS) this.#heardAt = now;
    this.#tickedAt = now;
    const [pingMs, lostMs] = this.busy ? [BUSY_PING_MS, BUSY_LOST_MS] : [IDLE_PING_MS, IDLE_LOST_MS];
    // Bytes that leave a full buffer were acknowledged: the connection is slow, not dead.
    const unsentBytes = this.#options.unsentBytes();
    if (unsentBytes < this.#unsentBytes) this.#heardAt = now;
    this.#unsentBytes = unsentBytes;
    if (now - this.#heardAt > lostMs) this.#options.lost();
    else if (now - this.#ping.sentAt >= pingMs) this.#sendPing();
  }

  #sendPing(): void {
    this.#ping = { n: this.#ping.n + 1, sentAt: performance.now(), answered: false };
    this.#options.ping(this.#ping.n);
  }
}

/** Smooths the round trip over a few pings; a new value has the weight given in RFC 6298. */
function smooth(old: number | undefined, sample: number): number {
  return old === undefined ? sample : old + (sample - old) / 8;
}
