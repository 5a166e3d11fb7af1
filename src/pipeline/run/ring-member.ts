/** One place in a ring: a node that is asked to hold layers, loads them, and holds them. */
import { type Did, MicrogridError, deferred } from "../../core";
import type { ReceivedStageBody, StageLanes } from "../../room";

/**
 * Progress for which a node gets more time, at least and as a part of all that it has to load: who loads a byte now and then
 * is not to keep an answer waiting for ever.
 */
const LEAST_PROGRESS_BYTES = 64 * 1024;
const LEAST_PROGRESS_PART = 1 / 64;
/** Time in which a node loads its layers, or more of them than it had, ms. */
const OPEN_TIMEOUT_MS = 120_000;
/** Time in which it loads all of them, whatever it says; and where answers wait for it, ms. */
const MAX_OPEN_MS = 30 * 60_000;
const MAX_REPAIR_MS = 15 * 60_000;

/** Some layers on a node. */
export interface RingStage {
  readonly did: Did;
  /** Layers `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

/** A stage of a ring, which may still be loading. */
export interface RingMember extends RingStage {
  readonly ready: boolean;
  /** What its node says of its download; 0 of 0 until it says something. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** Which files of which model stages are made of. */
export type StageSource = Pick<ReceivedStageBody<"stage.open">, "model" | "graph" | "graphBytes" | "weightsHash">;

/** What every stage of a ring is asked for. */
export interface RingTerms extends StageSource {
  /** Tokens of one sequence. */
  readonly context: number;
  readonly sequences: number;
  readonly stepTokens: number;
}

/** How a stage is placed in its ring: between whom, and since which repair. */
type Placing = Pick<ReceivedStageBody<"stage.open">, "previous" | "next" | "attempt">;

/** Opens and closes one stage. */
export class Seat {
  readonly did: Did;
  readonly from: number;
  readonly to: number;
  readonly #traffic: StageLanes;
  readonly #pipeline: string;
  readonly #onChange: () => void;
  readonly #opened = deferred<undefined>();
  readonly #stop = new AbortController();
  /** The repair in which the seat before it became its neighbour. */
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it is given up, whatever it says. */
  #endMs = Infinity;
  #release: () => void = () => undefined;
  #loadedBytes = 0;
  /** Bytes for which it was given more time. */
  #creditedBytes = 0;
  #totalBytes = 0;
  /** What it said first that it has to load: whatever it says later, it gets no more time for more. */
  #promisedBytes = 0;
  #decodeMs: number | undefined;

  constructor(
    { did, from, to }: RingStage,
    options: { readonly traffic: StageLanes; readonly pipeline: string; onChange(): void },
  ) {
    this.did = did;
    this.from = from;
    this.to = to;
    this.#traffic = options.traffic;
    this.#pipeline = options.pipeline;
    this.#onChange = () => options.onChange();
  }

  get ready(): boolean {
    return this.#decodeMs !== undefined;
  }

  /** The attempt under which the seat before it gives it steps. */
  get since(): number {
    return this.#since;
  }

  /** What there is to show of it now. */
  get state(): RingMember {
    const { did, from, to, ready } = this;
    return { did, from, to, ready, loadedBytes: this.#loadedBytes, totalBytes: this.#totalBytes };
  }

  /** One token through its layers as its node has measured it, ms; 0 until it is ready. */
  get decodeMs(): number {
    return this.#decodeMs ?? 0;
  }

  /** Resolves when the stage is in memory. Throws where its node refuses, is gone or shows no progress; it is closed then. */
  async open(
    terms: RingTerms,
    placing: Placing,
    { signal, urgent }: { readonly signal: AbortSignal; /** Answers wait for it. */ readonly urgent: boolean },
  ): Promise<void> {
    const cancel = (): void => this.fail(signal.reason as Error);
    signal.addEventListener("abort", cancel);
    this.#since = placing.attempt;
    this.#endMs = performance.now() + (urgent ? MAX_REPAIR_MS : MAX_OPEN_MS);
    this.#waitOnceMore();
    try {
      signal.throwIfAborted();
      this.#release = await this.#traffic.hold(this.did, { signal: this.#stop.signal });
      const { from, to } = this;
      await this.#traffic.send(this.did, "stage.open", { pipeline: this.#pipeline, ...terms, from, to, ...placing });
      await this.#opened.promise;
    } catch (error) {
      this.close();
      if (error instanceof MicrogridError || signal.aborted) throw error;
      throw new MicrogridError("peer-lost", "A device of the pipeline did not answer.", { cause: error });
    } finally {
      clearTimeout(this.#timer);
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Its node has the layers in memory. */
  succeed(decodeMs: number): void {
    if (this.ready) return;
    this.#decodeMs = decodeMs;
    this.#opened.resolve(undefined);
    this.#onChange();
  }

  /** Another seat stands before it from now on. */
  follow(did: Did, attempt: number): void {
    this.#since = attempt;
    this.#traffic.post(this.did, "stage.previous", { pipeline: this.#pipeline, attempt, did });
  }

  /** Its node has loaded some of its layers. */
  progress(loadedBytes: number, totalBytes: number): void {
    if (this.ready || loadedBytes <= this.#loadedBytes) return;
    this.#loadedBytes = loadedBytes;
    this.#totalBytes = totalBytes;
    this.#promisedBytes ||= totalBytes;
    const counted = Math.min(loadedBytes, this.#promisedBytes);
    if (counted - this.#creditedBytes >= Math.max(LEAST_PROGRESS_BYTES, LEAST_PROGRESS_PART * this.#promisedBytes)) {
      this.#creditedBytes = counted;
      this.#waitOnceMore();
    }
    this.#onChange();
  }

  /** Gives up opening it; changes nothing where it is open. */
  fail(error: Error): void {
    this.#opened.reject(error);
    this.#stop.abort(error);
  }

  /** Frees it at its node. */
  close(): void {
    this.#traffic.post(this.did, "stage.close", { pipeline: this.#pipeline });
    this.#release();
  }

  #waitOnceMore(): void {
    clearTimeout(this.#timer);
    const tooLong = (): void =>
      this.fail(new MicrogridError("peer-lost", "A device took too long to load its layers."));
    this.#timer = setTimeout(tooLong, Math.min(OPEN_TIMEOUT_MS, this.#endMs - performance.now()));
  }
}
