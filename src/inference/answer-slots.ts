/** How many requests a model serves at once; the others wait in line. */
import { onAbort } from "../core";

interface Waiter {
  admitted: boolean;
  wake(): void;
}

/** A place among the active requests; `release` gives it to the next in line. */
export interface Place {
  release(): void;
}

/** First come, first served, `capacity` at a time. */
export class AnswerSlots {
  readonly #capacity: number;
  readonly #waiting: Waiter[] = [];
  #active = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Requests that hold a place. */
  get active(): number {
    return this.#active;
  }

  /**
   * Yields the position in line, 1 for the next, at each move, and returns a place when one is free.
   * Aborting leaves the line and rejects with the signal's reason; so does returning early.
   */
  async *enter(options: { signal: AbortSignal }): AsyncGenerator<number, Place> {
    const { signal } = options;
    signal.throwIfAborted();
    if (this.#active < this.#capacity) {
      this.#active++;
      return this.#place();
    }
    const waiter: Waiter = { admitted: false, wake: () => undefined };
    using _ = onAbort(signal, () => waiter.wake());
    this.#waiting.push(waiter);
    let taken = false;
    try {
      for (let position = 0; !waiter.admitted;) {
        const now = this.#waiting.indexOf(waiter) + 1;
        if (now === position) await new Promise<void>((resolve) => (waiter.wake = resolve));
        else yield (position = now);
        signal.throwIfAborted();
      }
      taken = true;
      return this.#place();
    } finally {
      if (!taken) this.#leave(waiter);
    }
  }

  #place(): Place {
    let held = true;
    return {
      release: () => {
        if (held) this.#free();
        held = false;
      },
    };
  }

  #leave(waiter: Waiter): void {
    if (waiter.admitted) return this.#free();
    const index = this.#waiting.indexOf(waiter);
    if (index >= 0) this.#waiting.splice(index, 1);
    for (const other of this.#waiting) other.wake();
  }

  /** Hands a place on, or sets it free. */
  #free(): void {
    const next = this.#waiting.shift();
    if (next) {
      next.admitted = true;
      next.wake();
    } else this.#active--;
    for (const other of this.#waiting) other.wake();
  }
}
