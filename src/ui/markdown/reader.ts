/** The page's side of the worker that reads Markdown: one text at a time, and none for longer than a text may take. */
import { WatchedWorker } from "../../border";
import { spawnWorker } from "../../core";
import type { MarkdownService, MarkdownReading } from "./reader-service";
import markdownWorkerUrl from "../../../workers/markdown.ts?worker&url";

/** Time to read one text. The longest answers take a small part of it. */
const MAX_SECONDS = 3;

/** Reads texts in a worker, which is ended and replaced if a text takes too long. */
export class MarkdownReader {
  readonly #worker: WatchedWorker<MarkdownService>;

  constructor(create: () => Worker) {
    this.#worker = new WatchedWorker({ create, title: "The reader of Markdown", seconds: MAX_SECONDS });
  }

  /** Reads one text after those that wait already. Rejects with `NotRead`. */
  read(id: string, text: string, complete: boolean): Promise<MarkdownReading> {
    return this.#worker.run((service) => service.read(id, text, complete));
  }

  /** Resolves when a text that came without colours can be read again with them. */
  async coloured(): Promise<void> {
    await this.#worker.running?.coloured();
  }

  /** Forgets a text that is not shown any more. */
  forget(id: string): void {
    this.#worker.running?.forget(id).catch(() => undefined);
  }
}

/** The reader of this page. */
export const reader = new MarkdownReader(() => spawnWorker(markdownWorkerUrl, "microgrid-markdown"));
