/** Adds up the progress of all files of one download and reports it at a bounded rate. */
import type { FileRequest, StoredFile, StoreProgress } from "./store-protocol";

const INTERVAL_MS = 100;

/** Receives the progress of one file. */
export interface ProgressLine {
  received(bytes: number, total: number | undefined): void;
  waiting(reason: string): void;
}

interface Row {
  received: number;
  total: number | undefined;
}

/** The sum over all files of a download. */
export class ProgressBoard {
  readonly #rows: Row[];
  readonly #inMemory: boolean;
  readonly #tell: (progress: StoreProgress) => void;
  readonly #now: () => number;
  #toldAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitingFor: string | undefined;

  /** `stored`: the files that are already there, in the order of `files`. */
  constructor(
    files: readonly FileRequest[],
    stored: readonly (StoredFile | undefined)[],
    inMemory: boolean,
    tell: (progress: StoreProgress) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#rows = files.map((file, index) => ({
      received: stored[index]?.bytes ?? 0,
      // An optional file counts only once it has been found.
      total: stored[index]?.bytes ?? file.bytes ?? (file.optional ? 0 : undefined),
    }));
    this.#inMemory = inMemory;
    this.#tell = tell;
    this.#now = now;
  }

  /** Bytes that are still missing, as far as sizes are known. */
  get missingBytes(): number {
    return this.#rows.reduce((sum, row) => sum + Math.max(0, (row.total ?? 0) - row.received), 0);
  }

  /** The object to which the file with this index reports its progress. */
  line(index: number): ProgressLine {
    const row = this.#rows[index];
    if (!row) throw new RangeError(`There is no file ${index}.`);
    return {
      received: (bytes, total) => {
        row.received = bytes;
        row.total = total ?? row.total;
        this.#waitingFor = undefined;
        this.#tellSoon();
      },
      waiting: (reason) => {
        this.#waitingFor = reason;
        this.flush();
      },
    };
  }

  /**
   * Reports at once if the last report is old enough, and otherwise as soon as it is, so that a stalled download shows
   * its last bytes.
   */
  #tellSoon(): void {
    const left = this.#toldAt + INTERVAL_MS - this.#now();
    if (left <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), left);
  }

  /** Reports the state now. Also call it when the download has ended, successfully or not. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldAt = this.#now();
    const known = this.#rows.every((row) => row.total !== undefined);
    this.#tell({
      receivedBytes: this.#rows.reduce((sum, row) => sum + row.received, 0),
      totalBytes: known ? this.#rows.reduce((sum, row) => sum + Math.max(row.total ?? 0, row.received), 0) : 0,
      inMemory: this.#inMemory,
      waitingFor: this.#waitingFor,
    });
  }
}
