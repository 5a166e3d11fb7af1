/** Asks one member for ranges of weights, and puts the pieces together. */
import { type Deferred, MicrogridError, deferred, onAbort, randomId, unlessAborted } from "../../core";
import { type BulkBody, type BulkLane, type BulkRange, MAX_GETS } from "../frames/bulk";

/** A member that sends nothing for so long of all that it was asked for is not worth waiting for, in ms. */
export const BULK_SILENCE_MS = 20_000;

/** A range that is being taken. */
interface Taken {
  readonly get: string;
  readonly range: BulkRange;
  readonly pieces: Uint8Array<ArrayBuffer>[];
  /** Bytes that have come. */
  bytes: number;
  readonly whole: Deferred<Blob>;
  /** True where nobody wants it any more, and pieces that are on their way may still come. */
  left: boolean;
}

interface TakerOptions {
  /** The member broke the protocol: `what` it did. */
  readonly accuse: (what: string) => void;
  readonly silenceMs: number;
}

/** The taking end of one link. */
export class BulkTaker {
  readonly #lane: Pick<BulkLane, "send">;
  readonly #options: TakerOptions;
  readonly #taken = new Map<string, Taken>();
  /** Resolves when one of the few requests that may be open at once has ended. */
  #freed: Deferred<void> = deferred();
  #ended: MicrogridError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(lane: Pick<BulkLane, "send">, options: TakerOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  /**
   * Exactly this range, of at most `MAX_GET_BYTES`. Rejects with the signal's reason; throws `file-missing`, `network` where
   * the member cannot read it or falls silent, `peer-lost`.
   */
  async take(range: BulkRange, signal: AbortSignal): Promise<Blob> {
    while (!this.#ended && this.#wanted.length >= MAX_GETS) await unlessAborted(this.#freed.promise, signal);
    signal.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const get = randomId(8);
    const taken: Taken = { get, range, pieces: [], bytes: 0, whole: deferred(), left: false };
    this.#taken.set(get, taken);
    this.#timer ??= this.#clock();
    using _ = onAbort(signal, (reason) => this.#leave(taken, reason));
    this.#lane.send("bulk.get", { get, ...range }).catch((error: unknown) => this.#fail(taken, error));
    return await taken.whole.promise;
  }

  /** The next bytes of a range. */
  piece({ get, at, bytes }: BulkBody<"bulk.piece">): void {
    const taken = this.#taken.get(get);
    if (!taken) return this.#options.accuse("it sent weights that nobody asked for");
    const { length } = taken.range;
    if (at !== taken.bytes || at + bytes.length > length) {
      return this.#options.accuse("it sent weights in another order than they were asked for");
    }
    taken.bytes += bytes.length;
    if (taken.left) return;
    this.#heard();
    taken.pieces.push(bytes);
    this.#lane.send("bulk.got", { get, upTo: taken.bytes }).catch(() => undefined);
    if (taken.bytes < length) return;
    this.#forget(taken);
    taken.whole.resolve(new Blob(taken.pieces));
  }

  /** Nothing more of a range comes. */
  end({ get, why }: BulkBody<"bulk.ended">): void {
    const taken = this.#taken.get(get);
    if (!taken) return; // The last piece came before, and it was cancelled too late.
    this.#heard();
    this.#fail(taken, why === "missing" ? missing(taken.range) : unreadable(taken.range));
  }

  /** The link has ended. */
  close(reason: string): void {
    this.#ended = new MicrogridError(
      "peer-lost",
      `The device that gives the model's layers is gone: ${reason}. They are asked for elsewhere, or again when it is back.`,
    );
    for (const taken of [...this.#taken.values()]) this.#fail(taken, this.#ended);
    this.#free();
  }

  get #wanted(): Taken[] {
    return [...this.#taken.values()].filter(({ left }) => !left);
  }

  /** Nobody wants it any more; what is on its way still comes, up to the member's word that it has stopped. */
  #leave(taken: Taken, reason: unknown): void {
    if (taken.left || !this.#taken.has(taken.get)) return;
    taken.left = true;
    taken.pieces.length = 0;
    taken.whole.reject(reason);
    this.#lane.send("bulk.cancel", { get: taken.get }).catch(() => undefined);
    this.#free();
  }

  #fail(taken: Taken, error: unknown): void {
    this.#forget(taken);
    taken.whole.reject(error);
  }

  #forget(taken: Taken): void {
    this.#taken.delete(taken.get);
    this.#free();
  }

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#clock();
  }

  /** A request has ended: another may be sent. If there is none, the member owes no answer. */
  #free(): void {
    this.#freed.resolve();
    this.#freed = deferred();
    if (this.#wanted.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #clock(): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const seconds = Math.round(this.#options.silenceMs / 1000);
      const text = `The device that gives the model's layers has sent nothing for ${seconds} seconds. Try again, or load them from the model's host.`;
      for (const taken of this.#wanted) this.#leave(taken, new MicrogridError("network", text));
    }, this.#options.silenceMs);
  }
}

function missing({ location }: BulkRange): MicrogridError {
  return new MicrogridError(
    "file-missing",
    `The device that was asked for the model's layers does not have ${location} whole. Load them from the model's host.`,
  );
}

function unreadable({ location }: BulkRange): MicrogridError {
  return new MicrogridError(
    "network",
    `The device that gives the model's layers could not read ${location} to its end. Try again, or load them from the model's host.`,
  );
}
