/** An async iterable over a message port: batches one way, credit the other, so that a slow reader holds the sender back. */
import { AsyncQueue } from "../core";
import { type ErrorWire, errorFromWire, errorToWire } from "./errors";
import { CLOSE, listen } from "./ports";

/** Messages of the sender; `close` follows the last one. */
type ToReader<T> =
  /** Items in order. Uses up one credit; without credit, items are gathered into the next batch. */
  | { readonly type: "items"; readonly items: readonly T[] }
  /** The stream ended; the last items came before. */
  | { readonly type: "end" }
  /** The stream failed. */
  | { readonly type: "failed"; readonly error: ErrorWire };

/** Messages of the reader; `close` means that it left the stream. */
interface ToSender {
  /** The reader took batches. */
  readonly type: "credit";
  readonly batches: number;
}

/** Batches that may be on their way at once: enough to hide the time that a message takes. */
const CREDITS = 4;
/** The reader grants its credit for this many batches at once, since each message wakes the other thread. */
const CREDITS_AT_ONCE = CREDITS / 2;
/** Items that follow each other within this time, a frame of a screen, travel in one batch. */
const GATHER_MS = 16;
/** The first batches leave at once: a reader waits for the beginning of a stream, and gathering is for the rest. */
const EAGER_BATCHES = 4;
/** Items gathered without credit; beyond them the source waits for the reader. */
const MAX_GATHERED = 64;

/** Makes one item of two neighbours; undefined if they cannot be one. */
type Join<T> = (before: T, after: T) => T | undefined;
const JOIN = Symbol("border.join");

/**
 * Marks a stream: its items that travel in one batch become one item where `join` says so. Use it for items that are pieces of
 * something whole, such as text, since each item costs its reader more than its length does.
 */
export function joining<S extends AsyncIterable<unknown>>(source: S, join: Join<ItemOf<S>>): S {
  return Object.assign(source, { [JOIN]: join });
}
type ItemOf<S> = S extends AsyncIterable<infer T> ? T : never;

/** Sends the items of `source` until it ends or fails, or the reader leaves; then `source` is asked to return. */
export async function sendStream<T>(port: MessagePort, source: AsyncIterable<T>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  const join = (source as { readonly [JOIN]?: Join<T> })[JOIN];
  let credits = CREDITS;
  let gathered: T[] = [];
  /** Items of the source in `gathered`, where several may have become one. */
  let count = 0;
  let left = false;
  let wake: () => void = () => undefined;
  let flushedAt = -Infinity;
  let batches = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const post = (message: ToReader<T>): void => port.postMessage(message);
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.length === 0) return;
    credits--;
    batches++;
    flushedAt = performance.now();
    post({ type: "items", items: gathered });
    gathered = [];
    count = 0;
    wake();
  };
  const gather = (item: T): void => {
    count++;
    const joined = gathered.length > 0 ? join?.(gathered.at(-1)!, item) : undefined;
    if (joined === undefined) gathered.push(item);
    else gathered[gathered.length - 1] = joined;
  };
  /** Items of a fast source travel together; the first ones, and those of a slow source, leave at once. */
  const flushSoon = (): void => {
    if (credits <= 0 || gathered.length === 0 || timer !== undefined) return;
    const wait = flushedAt + GATHER_MS - performance.now();
    if (wait <= GATHER_MS / 2 || batches < EAGER_BATCHES) flush();
    else timer = setTimeout(due, wait);
  };
  const due = (): void => {
    timer = undefined;
    if (credits > 0) flush();
  };
  listen(
    port,
    ({ batches: taken }: ToSender) => {
      credits += taken;
      flushSoon();
    },
    () => {
      left = true;
      wake();
      // A generator that is waiting for something returns when it has it; the call's signal stops it sooner.
      iterator.return?.().catch(() => undefined);
    },
  );
  try {
    for (let next = await iterator.next(); !left && next.done !== true; next = await iterator.next()) {
      gather(next.value);
      flushSoon();
      while (count >= MAX_GATHERED && !left) await new Promise<void>((resolve) => (wake = resolve));
    }
    if (!left) flush();
    post({ type: "end" });
  } catch (error) {
    if (!left) flush();
    post({ type: "failed", error: errorToWire(error) });
  } finally {
    clearTimeout(timer);
    port.postMessage(CLOSE);
  }
}

/** The reader's end: items as they come. Leaving the loop stops the source. */
export class IncomingStream<T> implements AsyncIterableIterator<T> {
  readonly #port: MessagePort;
  readonly #batches = new AsyncQueue<readonly T[]>({ onReturn: () => this.#leave() });
  /** The batch that is being read, and the place of its next item. */
  #batch: readonly T[] = [];
  #at = 0;
  /** Batches that were taken since the last credit. */
  #taken = 0;
  #over = false;
  #onOver: (left: boolean) => void = () => undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    listen(port, (message: ToReader<T>) => this.#receive(message));
  }

  /** Calls back once, when the stream has ended or its reader `left` it. */
  onOver(callback: (left: boolean) => void): void {
    if (this.#over) callback(false);
    else this.#onOver = callback;
  }

  /** Ends the stream with an error, after the items that have arrived; the source stops. */
  fail(error: unknown): void {
    this.#batches.fail(error);
    this.#leave();
  }

  async next(): Promise<IteratorResult<T>> {
    if (this.#at >= this.#batch.length) {
      const next = await this.#batches.next();
      if (next.done === true) return next;
      this.#batch = next.value;
      this.#at = 0;
      this.#grant();
    }
    return { value: this.#batch[this.#at++]!, done: false };
  }

  return(): Promise<IteratorResult<T>> {
    this.#batch = [];
    return this.#batches.return() as Promise<IteratorResult<never>>;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #receive(message: ToReader<T>): void {
    if (this.#over) return;
    // Credit bounds the batches that wait, so there is always room.
    if (message.type === "items") return void this.#batches.push(message.items);
    this.#finish(false);
    if (message.type === "end") this.#batches.end();
    else this.#batches.fail(errorFromWire(message.error));
  }

  #grant(): void {
    if (this.#over || ++this.#taken < CREDITS_AT_ONCE) return;
    this.#port.postMessage({ type: "credit", batches: this.#taken } satisfies ToSender);
    this.#taken = 0;
  }

  #leave(): void {
    if (this.#over) return;
    this.#port.postMessage(CLOSE);
    this.#finish(true);
  }

  #finish(left: boolean): void {
    this.#over = true;
    this.#onOver(left);
  }
}
