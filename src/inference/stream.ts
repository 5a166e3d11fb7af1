/** The two ends of one answer's `MessagePort`: batches one way, credit and cancellation the other. */
import { AsyncQueue, errorFromData, errorToData } from "../core";
import { GATHER_MS, MAX_GATHERED_EVENTS, STREAM_CREDITS, type StreamToHost, type StreamToPage } from "./protocol";
import type { GenerationEvent } from "./types";

/** Sends a stream over a port until it ends, fails, or the reader cancels. `run` makes it and gets the signal to stop. */
export async function sendStream(
  port: MessagePort,
  run: (signal: AbortSignal) => AsyncIterable<GenerationEvent>,
): Promise<void> {
  const cancelled = new AbortController();
  let credits = STREAM_CREDITS;
  let gathered: GenerationEvent[] = [];
  let wake: () => void = () => undefined;
  const post = (message: StreamToPage): void => port.postMessage(message);
  let flushedAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.length === 0) return;
    credits--;
    flushedAt = performance.now();
    post({ type: "events", events: gathered });
    gathered = [];
    wake();
  };
  /** A fast engine's tokens travel together; the first, and those of a slow one, leave at once. */
  const flushSoon = (): void => {
    if (credits <= 0 || gathered.length === 0) return;
    const wait = flushedAt + GATHER_MS - performance.now();
    if (wait <= 0) flush();
    else timer ??= setTimeout(() => credits > 0 && flush(), wait);
  };
  port.onmessage = ({ data }: MessageEvent<StreamToHost>) => {
    if (data.type === "cancel") {
      cancelled.abort();
      wake();
      return;
    }
    credits++;
    flushSoon();
  };
  try {
    for await (const event of run(cancelled.signal)) {
      gathered.push(event);
      flushSoon();
      while (gathered.length >= MAX_GATHERED_EVENTS && !cancelled.signal.aborted) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (cancelled.signal.aborted) break;
    }
    flush();
    post({ type: "end" });
  } catch (error) {
    flush();
    post({ type: "failed", error: errorToData(error) });
  } finally {
    clearTimeout(timer);
    port.onmessage = null;
    // A port that is closed at once may lose what was posted last; the reader closes it.
  }
}

/** The reading end: events as they come, held back where nobody takes them. */
export class StreamReader {
  readonly #port: MessagePort;
  readonly #queue: AsyncQueue<GenerationEvent>;
  #taking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#queue = new AsyncQueue<GenerationEvent>({ onReturn: () => this.close() });
    port.onmessage = ({ data }: MessageEvent<StreamToPage>) => {
      this.#taking = this.#taking.then(() => this.#take(data));
    };
  }

  /** The events; leaving the loop stops the answer. */
  get events(): AsyncIterable<GenerationEvent> {
    return this.#queue;
  }

  /** Ends the stream with an error, after what has arrived. */
  fail(error: unknown): void {
    this.#queue.fail(error);
    this.close();
  }

  /** Tells the worker to stop and frees the port. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#post({ type: "cancel" });
    this.#queue.end();
    this.#port.onmessage = null;
    this.#port.close();
  }

  async #take(message: StreamToPage): Promise<void> {
    if (this.#closed) return;
    if (message.type === "events") {
      for (const event of message.events) await this.#queue.push(event);
      if (!this.#closed) this.#post({ type: "credit" });
    } else if (message.type === "end") {
      this.#queue.end();
      this.close();
    } else this.fail(errorFromData(message.error));
  }

  #post(message: StreamToHost): void {
    this.#port.postMessage(message);
  }
}
