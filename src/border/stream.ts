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
  /** The reader took one batch. */
  readonly type: "credit";
}

/** Batches that may be on their way at once: enough to hide the time that a message takes. */
const CREDITS = 4;
/** Items that follow each other within this time travel in one batch: half a frame of a screen. */
const GATHER_MS = 8;
/** The first batches leave at once: a reader waits for the beginning of a stream, and gathering is for the rest. */
const EAGER_BATCHES = 4;
/** Items gathered without credit; beyond them the source waits for the reader. */
const MAX_GATHERED = 64;

/** Sends the items of `source` until it ends or fails, or the reader leaves; then `source` is asked to return. */
export async function sendStream<T>(port: MessagePort, source: AsyncIterable<T>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  let credits = CREDITS;
  let gathered: T[] = [];
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
    wake();
  };
  /** Items of a fast source travel together; the first one, and those of a slow source, leave at once. */
  const flushSoon = (): void => {
    if (credits <= 0 || gathered.length === 0) return;
    const wait = flushedAt + GATHER_MS - performance.now();
    if (wait <= 0 || batches < EAGER_BATCHES) flush();
    else timer ??= setTimeout(() => credits > 0 && flush(), wait);
  };
  listen(
    port,
    () => {
      credits++;
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
      gathered.push(next.value);
      flushSoon();
      while (gathered.length >= MAX_GATHERED && !left) await new Promise<void>((resolve) => (wake = resolve));
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
  readonly #queue = new AsyncQueue<T>({ onReturn: () => this.#leave() });
  #taking: Promise<void> = Promise.resolve();
  #over = false;
  #onOver: (left: boolean) => void = () => undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    listen(port, (message: ToReader<T>) => {
      this.#taking = this.#taking.then(() => this.#take(message));
    });
  }

  /** Calls back once, when the stream has ended or its reader `left` it. */
  onOver(callback: (left: boolean) => void): void {
    if (this.#over) callback(false);
    else this.#onOver = callback;
  }

  /** Ends the stream with an error, after the items that have arrived; the source stops. */
  fail(error: unknown): void {
    this.#queue.fail(error);
    this.#leave();
  }

  next(): Promise<IteratorResult<T>> {
    return this.#queue.next();
  }

  return(): Promise<IteratorResult<T>> {
    return this.#queue.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #take(message: ToReader<T>): Promise<void> {
    if (this.#over) return;
    if (message.type === "items") {
      for (const item of message.items) await this.#queue.push(item);
      if (!this.#isOver()) this.#port.postMessage({ type: "credit" } satisfies ToSender);
      return;
    }
    this.#finish(false);
    if (message.type === "end") this.#queue.end();
    else this.#queue.fail(errorFromWire(message.error));
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

  #isOver(): boolean {
    return this.#over;
  }
}
