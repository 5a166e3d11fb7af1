/** One member of a ring: a node that is asked to hold layers, loads them, and holds them. */
import { type Did, MicrogridError, deferred, onAbort } from "../../core";
import type { ReceivedStageBody, StageLanes } from "../../room";

/**
 * Progress that earns a node more time: an absolute minimum, and a share of all that it has to load. Otherwise a node
 * that loads a byte now and then could delay an answer indefinitely.
 */
const LEAST_PROGRESS_BYTES = 64 * 1024;
const LEAST_PROGRESS_PART = 1 / 64;
/** Time in which a node must load its layers, or make progress, in ms. */
const OPEN_TIMEOUT_MS = 120_000;
/** Time in which it must load all of them in any case, and if answers wait for it, in ms. */
const MAX_OPEN_MS = 30 * 60_000;
const MAX_REPAIR_MS = 15 * 60_000;

/** A range of layers on a node. */
export interface RingStage {
  readonly did: Did;
  /** Layers `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

/** The state of a ring's member, which may still be loading. */
export interface RingMember extends RingStage {
  readonly ready: boolean;
  /** Its download progress as it reports it; 0 of 0 until the first report. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** The files of the model that stages are made of. */
export type StageSource = Pick<ReceivedStageBody<"stage.open">, "model" | "graph" | "graphBytes" | "weightsHash">;

/** Terms that are the same for all stages of a ring. */
export interface RingTerms extends StageSource {
  /** Tokens of one sequence. */
  readonly context: number;
  readonly sequences: number;
  readonly stepTokens: number;
}

/** The place of a stage in its ring: its neighbours, and the repair in which it got them. */
type Placing = Pick<ReceivedStageBody<"stage.open">, "previous" | "next" | "attempt">;

/** Opens and closes the stage of one member. */
export class MemberStage {
  readonly did: Did;
  readonly from: number;
  readonly to: number;
  readonly #traffic: StageLanes;
  readonly #pipeline: string;
  readonly #onChange: () => void;
  readonly #opened = deferred<undefined>();
  readonly #stop = new AbortController();
  /** The repair in which the member before it became its neighbour. */
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The time at which it is given up in any case. */
  #endMs = Infinity;
  #release: () => void = () => undefined;
  #loadedBytes = 0;
  /** The loaded bytes that have earned it more time. */
  #creditedBytes = 0;
  #totalBytes = 0;
  /** The total that it reported first. Later increases earn no more time. */
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

  /** The attempt under which the member before it sends steps. */
  get since(): number {
    return this.#since;
  }

  /** Its present state, to be shown. */
  get state(): RingMember {
    const { did, from, to, ready } = this;
    return { did, from, to, ready, loadedBytes: this.#loadedBytes, totalBytes: this.#totalBytes };
  }

  /** Time for one token through its layers as its node has measured it, in ms; 0 until it is ready. */
  get decodeMs(): number {
    return this.#decodeMs ?? 0;
  }

  /**
   * Resolves when the stage is loaded. If its node refuses, is gone or makes no progress, it throws and the stage is
   * closed.
   */
  async open(
    terms: RingTerms,
    placing: Placing,
    { signal, urgent }: { readonly signal: AbortSignal; /** True if answers wait for it. */ readonly urgent: boolean },
  ): Promise<void> {
    using _ = onAbort(signal, (reason) => this.fail(reason));
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
    }
  }

  /** Call this when its node has loaded the layers. */
  succeed(decodeMs: number): void {
    if (this.ready) return;
    this.#decodeMs = decodeMs;
    this.#opened.resolve(undefined);
    this.#onChange();
  }

  /** Another member comes before it from now on. */
  follow(did: Did, attempt: number): void {
    this.#since = attempt;
    this.#traffic.post(this.did, "stage.previous", { pipeline: this.#pipeline, attempt, did });
  }

  /** Call this when its node has loaded some of its layers. */
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

  /** Stops opening it; does nothing if it is open. */
  fail(error: Error): void {
    this.#opened.reject(error);
    this.#stop.abort(error);
  }

  /** Frees it on its node. */
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
