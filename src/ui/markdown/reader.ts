/** The page's side of the worker that reads Markdown: one text at a time, and none for longer than a text may take. */
import { WorkerConnection } from "../../border";
import { MicrogridError, spawnWorker } from "../../core";
import type { MarkdownService, MarkdownReading } from "./reader-service";
import markdownWorkerUrl from "../../../workers/markdown.ts?worker&url";

/**
 * Time to read one text, in beats. The longest answers take a small part of it. It is counted in beats, since a device that
 * slept has missed them.
 */
const BEATS = 6;
const BEAT_MS = 500;
/** Workers that could not be started before the page does without. */
const MAX_FAILED_STARTS = 3;

/** Why a text is shown as it is written: reading it would take too long, or nothing can be read on this page. */
export class Unreadable extends Error {
  readonly tooSlow: boolean;

  constructor(tooSlow: boolean, cause: unknown) {
    super(tooSlow ? "This text takes too long to read as Markdown." : "Markdown cannot be read here.", { cause });
    this.name = "Unreadable";
    this.tooSlow = tooSlow;
  }
}

/** Reads texts in a worker, which is ended and replaced if a text takes too long. */
export class MarkdownReader {
  readonly #worker: WorkerConnection<MarkdownService>;
  #turn: Promise<unknown> = Promise.resolve();
  #failedStarts = 0;

  constructor(create: () => Worker) {
    this.#worker = new WorkerConnection({
      create,
      crashed: (detail) =>
        new MicrogridError("worker-crashed", `The reader of Markdown ended unexpectedly: ${detail}.`),
    });
  }

  /** Reads one text after those that wait already. Throws `Unreadable`. */
  read(id: string, text: string, complete: boolean): Promise<MarkdownReading> {
    const turn = this.#turn.then(() => this.#read(id, text, complete));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when a text that came without colours can be read again with them. */
  async coloured(): Promise<void> {
    await this.#worker.running?.coloured();
  }

  /** Forgets a text that is not shown any more. */
  forget(id: string): void {
    this.#worker.running?.forget(id).catch(() => undefined);
  }

  async #read(id: string, text: string, complete: boolean): Promise<MarkdownReading> {
    const service = await this.#ready();
    let beats = 0;
    const timer = setInterval(() => {
      const tooSlow = new MicrogridError("worker-crashed", `A text took longer than ${(BEATS * BEAT_MS) / 1000} s.`);
      if (++beats > BEATS) this.#worker.lose(service, tooSlow);
    }, BEAT_MS);
    try {
      return await service.read(id, text, complete);
    } catch (error) {
      throw new Unreadable(true, error);
    } finally {
      clearInterval(timer);
    }
  }

  /** The time that a worker needs to start is not the text's. */
  async #ready(): Promise<MarkdownService> {
    if (this.#failedStarts >= MAX_FAILED_STARTS) throw new Unreadable(false, undefined);
    const { service } = this.#worker;
    try {
      await service.ready();
    } catch (error) {
      this.#failedStarts++;
      throw new Unreadable(false, error);
    }
    return service;
  }
}

/** The reader of this page. */
export const reader = new MarkdownReader(() => spawnWorker(markdownWorkerUrl, "microgrid-markdown"));
