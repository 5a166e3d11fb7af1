/** A bounded queue that is read as an async iterable. All streams in Microgrid are built on it. */

/**
 * A queue between a producer that pushes and one consumer that iterates. Use it to turn callbacks or messages into a stream.
 * `push` resolves when there is room, so a producer that awaits it does not outrun a slow consumer. If the consumer leaves its
 * loop early, `onReturn` is called, which should stop the producer.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number;
  readonly #onReturn: () => void;
  readonly #items: T[] = [];
  #ending: { readonly error?: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  /** `capacity`: how many items may wait unread before `push` makes the producer wait. */
  constructor(options: { capacity?: number; onReturn?: () => void } = {}) {
    this.#capacity = options.capacity ?? 64;
    this.#onReturn = options.onReturn ?? (() => undefined);
  }

  /** True after `end`, `fail` or `return`; later items are dropped. */
  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Number of unread items. */
  get size(): number {
    return this.#items.length;
  }

  /** Adds an item; resolves as soon as the queue is below its capacity. */
  async push(item: T): Promise<void> {
    if (this.#ending) return;
    this.#items.push(item);
    this.#wakeReader?.();
    while (!this.#ending && this.#items.length >= this.#capacity) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
  }

  /** Ends the stream after the unread items. */
  end(): void {
    this.#finish({});
  }

  /** Ends the stream with an error, which the reader gets after the unread items. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  async next(): Promise<IteratorResult<T>> {
    for (;;) {
      if (this.#items.length > 0) {
        const value = this.#items.shift() as T;
        if (this.#items.length < this.#capacity) this.#releaseWriters();
        return { value, done: false };
      }
      if (this.#ending) {
        const ending = this.#ending;
        if ("error" in ending) {
          this.#ending = {};
          throw ending.error;
        }
        return { value: undefined, done: true };
      }
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      this.#wakeReader = undefined;
    }
  }

  return(): Promise<IteratorResult<T>> {
    const first = !this.#ending;
    this.#items.length = 0;
    this.#finish({});
    if (first) this.#onReturn();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(ending: { readonly error?: unknown }): void {
    this.#ending ??= ending;
    this.#wakeReader?.();
    this.#releaseWriters();
  }

  #releaseWriters(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
