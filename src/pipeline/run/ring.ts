/** The consumer's side of a pipeline: sends steps around a ring of stages, whoever holds them. */
import { type Did, type ErrorCode, MicrogridError, deferred, randomId } from "../../core";
import { type HiddenSlot, type HiddenState, type StageForward, type StageService, hiddenFault } from "../../inference";
import type { ReceivedStageBody, StageHandlers, StageLanes } from "../../room";
import type { RingNeighbour } from "./neighbour";
import { NextLink, hiddenOf } from "./next-link";
import type { RingMember, RingStage, StageSource } from "./ring-member";
import { type Again, RingMembers } from "./ring-members";
import { StepWatch } from "./ring-watch";

/** Errors of a node whose engine has lost the stage, although the node is there. */
const STAGE_IS_GONE: readonly string[] = ["worker-crashed", "device-lost", "model-not-loaded"] satisfies ErrorCode[];

/**
 * Sequences that a stage may lose before another takes its place, if nothing comes back meanwhile. What is read again has
 * another name each time, so this many are several that were lost at once, or the same that is never kept.
 */
const MAX_FORGOTTEN = 8;

/** Answers that may end with another failure of one stage before another takes its place, if no step comes back meanwhile. */
const MAX_FAILED = 2;

/** What people are told: a stage's own words are for the log, since a stranger may have chosen them. */
const FAILURES = {
  "stage-lost": "A device of the pipeline no longer knows what it has read of this answer. Ask again.",
  "out-of-memory": "A device of the pipeline has no memory left for this answer. Ask again, or for a shorter one.",
  "stage-refused": "A device of the pipeline could not compute a step of this answer. Ask again.",
} satisfies Partial<Record<ErrorCode, string>>;
/** Most of a stage's own words that is kept. */
const MAX_WORDS_CHARS = 200;

/** What there is to show of a ring. */
export interface RingState {
  /** `repairing`: a stage is lost; steps wait until others have its layers, and go on then. */
  readonly status: "forming" | "ready" | "repairing" | "closed";
  /** Why it is closed: it closes by itself where nobody can take the layers of a stage that is lost. */
  readonly error: Error | undefined;
  /** In ring order; also those that are still loading. */
  readonly stages: readonly RingMember[];
}

interface RingOptions {
  readonly traffic: StageLanes;
  /** This node. */
  readonly self: Did;
  readonly source: StageSource;
  /** Tokens of one sequence. */
  readonly context: number;
  readonly sequences: number;
  readonly stepTokens: number;
  /** What the last stage gives back. */
  readonly returns: readonly HiddenSlot[];
  /** Names nodes for the layers `[from, to)`, none of those that are taken or failed. Throws where there are none. */
  replace(range: { readonly from: number; readonly to: number }, not: ReadonlySet<Did>): readonly RingStage[];
  /** Called with the ring whenever something of its state has changed; while it is being formed, too. */
  onChange(ring: RingState): void;
}

/** A step that has not come back yet. */
interface OpenStep {
  readonly sequence: string;
  readonly count: number;
  done(hidden: HiddenState): void;
  fail(error: unknown): void;
}

/** Stages of other nodes as one service: what goes in here comes out of the last of them. */
export class Ring implements StageService, RingState {
  readonly id = randomId(8);
  readonly #options: RingOptions;
  readonly #seats: RingMembers;
  readonly #watch: StepWatch;
  readonly #open = new Map<number, OpenStep>();
  /** Sequences that stages say they do not know (any more), since the last step that came back. */
  readonly #forgotten = new Map<Did, Set<string>>();
  /** Sequences that stages have ended with any other failure, since then. */
  readonly #failed = new Map<Did, Set<string>>();
  readonly #stop = new AbortController();
  readonly #unlisten: (() => void)[];
  #edge: NextLink | undefined;
  #steps = 0;

  /** Opens all stages. Throws where one of them is not to be had, and closes the others then. */
  static async form(
    options: RingOptions,
    stages: readonly RingStage[],
    { signal }: { signal: AbortSignal },
  ): Promise<Ring> {
    signal.throwIfAborted();
    const ring = new Ring(options);
    const close = (): void => ring.close(signal.reason as Error);
    signal.addEventListener("abort", close);
    try {
      await ring.#seats.form(stages);
      ring.#begin();
      return ring;
    } catch (error) {
      ring.close(error as Error);
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  private constructor(options: RingOptions) {
    const { traffic, self, source, context, sequences, stepTokens } = options;
    const pipeline = this.id;
    this.#options = options;
    this.#seats = new RingMembers({
      traffic,
      pipeline,
      self,
      terms: { ...source, context, sequences, stepTokens },
      replace: (range, not) => options.replace(range, not),
      steps: () => ({ open: [...this.#open.keys()], openFrom: this.#steps }),
      reroute: (next, again) => this.#reroute(next, again),
      onSwap: () => {
        this.#watch.rest();
        this.#changed();
      },
      onChange: () => this.#changed(),
      onBroken: (error) => this.close(error),
    });
    this.#watch = new StepWatch({
      seats: () => this.#seats.seated.map(({ did }) => did),
      ask: (did, step) => {
        const { did: previous, attempt } = this.#seats.before(did);
        return traffic.send(did, "stage.where", { pipeline, step, previous, attempt });
      },
      waitsHere: (step) => this.#edge?.waits(step) ?? false,
      onStuck: (did) => this.#seats.lose(did),
      onMissing: (did) => this.#seats.blame(did),
    });
    this.#unlisten = [
      traffic.handle(this.#handlers(), { pipeline }),
      traffic.on("gone", ({ did }) => this.#seats.lose(did)),
    ];
  }

  get status(): RingState["status"] {
    if (this.#stop.signal.aborted) return "closed";
    if (!this.#edge) return "forming";
    return this.#seats.broken ? "repairing" : "ready";
  }

  /** Who holds which layers now, or is loading them. */
  get stages(): readonly RingMember[] {
    return this.#seats.shown;
  }

  get error(): Error | undefined {
    return this.#stop.signal.aborted ? (this.#stop.signal.reason as Error) : undefined;
  }

  async forward(step: StageForward, { signal }: { signal: AbortSignal }): Promise<HiddenState> {
    signal.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    const number = this.#steps++;
    const { promise, resolve, reject } = deferred<HiddenState>();
    this.#open.set(number, { sequence: step.sequence, count: step.count, done: resolve, fail: reject });
    const cancel = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", cancel);
    try {
      this.#watch.given(number);
      this.#edge?.give({ ...step, step: number }, { known: false });
      return await promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#open.delete(number);
      this.#watch.forget(number);
    }
  }

  end(sequence: string): void {
    if (!this.#stop.signal.aborted) this.#edge?.end(sequence);
  }

  /** Frees all stages; what is under way fails with `error`. */
  close(error: Error = new MicrogridError("closed", "The pipeline was closed.")): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(error);
    for (const unlisten of this.#unlisten) unlisten();
    for (const step of this.#open.values()) step.fail(error);
    this.#seats.close(error);
    this.#edge?.close();
    this.#changed();
  }

  /** All stages are open: steps may come. */
  #begin(): void {
    const { did } = this.#seats.seated[0]!;
    this.#edge = new NextLink(this.#options.traffic, this.id, { did, attempt: 0 }, (lost) => this.#forget([lost]));
    this.#changed();
    // Some may have been lost again before the last was open.
    this.#seats.mend();
  }

  #changed(): void {
    if (this.status === "ready") this.#watch.resume(this.#stepMs);
    else this.#watch.rest();
    this.#options.onChange(this);
  }

  /** What the stages say that a step of a prompt takes them, at most, ms. */
  get #stepMs(): number {
    return this.#options.stepTokens * this.#seats.seated.reduce((sum, { decodeMs }) => sum + decodeMs, 0);
  }

  /** What the stages send to the consumer. */
  #handlers(): StageHandlers {
    return {
      "stage.progress": (body, from) => this.#seats.opening(from, body)?.progress(body.loadedBytes, body.totalBytes),
      "stage.ready": (body, from) => this.#seats.opening(from, body)?.succeed(body.decodeMs),
      "stage.refused": (body, from) => this.#seats.refuse(from, body),
      "stage.leaving": (_, from) => this.#seats.leave(from),
      "stage.forward": (body, from) => this.#return(from, body),
      "stage.failed": (body, from) => {
        if (this.#seats.has(from)) this.#fail(from, body);
      },
      "stage.seen": (body, from) => this.#watch.seen(from, body),
    };
  }

  #return(from: Did, body: ReceivedStageBody<"stage.forward">): void {
    const { last } = this.#seats;
    if (from !== last?.did || body.attempt !== last.attempt) return;
    const open = this.#open.get(body.step);
    if (!open) return;
    const hidden = hiddenOf(body);
    if (hiddenFault(hidden, this.#options.returns, open.count) === undefined) {
      this.#watch.back(body.step);
      this.#forgotten.clear();
      this.#failed.clear();
      open.done(hidden);
    } else this.#seats.lose(from);
  }

  #fail(from: Did, { sequence, step, code, message }: ReceivedStageBody<"stage.failed">): void {
    if (code === "peer-protocol") {
      this.#seats.blame(from);
      return;
    }
    const known = code === "stage-lost" || code === "out-of-memory" ? code : "stage-refused";
    const counts = known === "stage-lost" ? this.#forgotten : this.#failed;
    const sequences = counts.get(from) ?? new Set();
    counts.set(from, sequences.add(sequence));
    const cause = new Error(message.slice(0, MAX_WORDS_CHARS));
    // Another stage is given the step again; what is lost is not read again by that.
    if (STAGE_IS_GONE.includes(code) || (known !== "stage-lost" && sequences.size > MAX_FAILED)) {
      this.#seats.lose(from, new MicrogridError("peer-lost", "A device of the pipeline does not work.", { cause }));
      return;
    }
    if (sequences.size > MAX_FORGOTTEN) this.#seats.lose(from);
    const error = new MicrogridError(known, FAILURES[known], { cause });
    for (const [number, open] of this.#open) {
      if (open.sequence === sequence && (step === undefined || number === step)) open.fail(error);
    }
  }

  /** Another stage stands first. */
  #reroute(next: RingNeighbour, again: Again): void {
    this.#forget(this.#edge?.reroute(next, again) ?? []);
  }

  /** Sequences have to be read again. */
  #forget(sequences: readonly string[]): void {
    const error = new MicrogridError("stage-lost", "The pipeline no longer has what it was given.");
    for (const step of this.#open.values()) if (sequences.includes(step.sequence)) step.fail(error);
  }
}
