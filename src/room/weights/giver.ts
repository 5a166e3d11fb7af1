/** Gives one member the ranges of weights that it asks for: in turn, in small pieces, at the pace that the line bears. */
import { type Deferred, deferred } from "../../core";
import { type BulkBody, type BulkFile, type BulkLane, MAX_GETS, MAX_PIECE_BYTES } from "../frames/bulk";
import { PaceWindow } from "./pace";

/** Read from the disk at once. */
const CHUNK_BYTES = 2 ** 20;

/** Gives a file that lies here whole, read lazily; undefined if it is not here or is not given to this member. */
export type OpenFile = (file: BulkFile, options: { readonly signal: AbortSignal }) => Promise<Blob | undefined>;

/** A range that is being given. */
interface Given {
  readonly body: BulkBody<"bulk.get">;
  readonly stop: AbortController;
  sent: number;
  confirmed: number;
  /** When what had been sent, up to which byte. */
  readonly flying: { readonly upTo: number; readonly at: number }[];
  /** To be called when it has ended: until then its link is in use. */
  free(): void;
}

interface GiverOptions {
  readonly open: OpenFile;
  /** The member broke the protocol: `what` it did. */
  readonly accuse: (what: string) => void;
  /** The link is in use until the result is called. */
  readonly markBusy: () => () => void;
}

/** The giving end of one link. */
export class BulkGiver {
  readonly #lane: Pick<BulkLane, "send">;
  readonly #options: GiverOptions;
  readonly #pace = new PaceWindow();
  /** All that are not confirmed to the last byte, in the order in which they were asked for. */
  readonly #given = new Map<string, Given>();
  readonly #waiting: Given[] = [];
  #working = false;
  #flyingBytes = 0;
  #hasGiven = false;
  /** Resolves when more may be sent, or something was cancelled. */
  #changed: Deferred<void> = deferred();

  constructor(lane: Pick<BulkLane, "send">, options: GiverOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  /** Whether frames about a range under this name are of use here. */
  isGiving(get: unknown): boolean {
    return typeof get === "string" && this.#given.has(get);
  }

  /** Whether it has got something: somebody here wants it to have that. */
  get hasGiven(): boolean {
    return this.#hasGiven;
  }

  /** A range is asked for. */
  get(body: BulkBody<"bulk.get">): void {
    if (this.#given.has(body.get)) return this.#options.accuse("it asked for two things under one name");
    if (this.#given.size >= MAX_GETS) return this.#options.accuse("it asked for more weights at once than it may");
    const free = this.#options.markBusy();
    const given: Given = { body, stop: new AbortController(), sent: 0, confirmed: 0, flying: [], free };
    this.#given.set(body.get, given);
    this.#waiting.push(given);
    if (!this.#working) void this.#work();
  }

  /** So much of a range has arrived. */
  got({ get, upTo }: BulkBody<"bulk.got">): void {
    const given = this.#given.get(get);
    if (!given) return; // It was ended meanwhile.
    if (upTo <= given.confirmed || upTo > given.sent) {
      return this.#options.accuse("it confirmed bytes that it has not got");
    }
    const bytes = upTo - given.confirmed;
    given.confirmed = upTo;
    let sentAt: number | undefined;
    while (given.flying[0] && given.flying[0].upTo <= upTo) sentAt = given.flying.shift()?.at;
    const now = performance.now();
    if (sentAt !== undefined) this.#pace.confirmed(bytes, this.#flyingBytes, now - sentAt, now);
    this.#flyingBytes -= bytes;
    if (upTo === given.body.length) {
      this.#given.delete(get);
      given.free();
    }
    this.#wake();
  }

  /** A range is not wanted any more. */
  cancel({ get }: BulkBody<"bulk.cancel">): void {
    const given = this.#given.get(get);
    if (given) this.#end(given, "cancelled");
  }

  /** The link has ended. */
  close(): void {
    for (const { stop, free } of this.#given.values()) {
      stop.abort();
      free();
    }
    this.#given.clear();
    this.#wake();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let given = this.#waiting.shift(); given; given = this.#waiting.shift()) {
      if (given.stop.signal.aborted) continue;
      try {
        if (!(await this.#give(given))) this.#end(given, "missing");
      } catch {
        // It could not be read, or the link has ended; in the latter case nothing is sent any more.
        this.#end(given, "failed");
      }
    }
    this.#working = false;
  }

  /** False where the range is not here. */
  async #give(given: Given): Promise<boolean> {
    const { body, stop } = given;
    const { model, graph, weightsHash, location, offset, length } = body;
    const file = await this.#options.open({ model, graph, weightsHash, location }, { signal: stop.signal });
    if (!file || file.size < offset + length) return false;
    this.#hasGiven = true;
    for (let at = 0; at < length; at += CHUNK_BYTES) {
      const end = Math.min(at + CHUNK_BYTES, length);
      const chunk = new Uint8Array(await file.slice(offset + at, offset + end).arrayBuffer());
      if (chunk.length !== end - at) throw new Error("The file is shorter than it was.");
      for (let from = 0; from < chunk.length; from += MAX_PIECE_BYTES) {
        await this.#room(stop.signal);
        if (stop.signal.aborted) return true;
        await this.#send(given, chunk.subarray(from, from + MAX_PIECE_BYTES));
      }
    }
    return true;
  }

  async #send(given: Given, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { get } = given.body;
    const at = given.sent;
    given.sent += bytes.length;
    this.#flyingBytes += bytes.length;
    given.flying.push({ upTo: given.sent, at: performance.now() });
    await this.#lane.send("bulk.piece", { get, at, bytes });
  }

  /** Resolves when another piece may be sent, or none is wanted. */
  async #room(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#flyingBytes + MAX_PIECE_BYTES > this.#pace.bytes) await this.#changed.promise;
  }

  #end(given: Given, why: BulkBody<"bulk.ended">["why"]): void {
    const { get } = given.body;
    if (!this.#given.delete(get)) return;
    given.stop.abort();
    given.free();
    this.#flyingBytes -= given.sent - given.confirmed;
    this.#lane.send("bulk.ended", { get, why }).catch(() => undefined);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = deferred();
  }
}
