/** The consumer's side of a pipeline: sends steps around a ring of stages and replaces lost stages. */
import { type Did, type ErrorCode, MicrogridError, deferred, onAbort, randomId } from "../../core";
import { type HiddenSlot, type HiddenState, type StageForward, type StageService, hiddenFault } from "../../inference";
import type { ReceivedStageBody, StageHandlers, StageLanes } from "../../room";
import type { RingNeighbour } from "./neighbour";
import { NextLink, hiddenOf } from "./next-link";
import type { RingMember, RingStage, StageSource } from "./ring-member";
import { type Again, RingMembers } from "./ring-members";
import { StepWatch } from "./ring-watch";

/** Error codes of a node that is still there, but whose engine has lost the stage. */
const STAGE_IS_GONE: readonly string[] = ["worker-crashed", "device-lost", "model-not-loaded"] satisfies ErrorCode[];

/**
 * How many sequences a stage may lose before it is replaced, if no step comes back in the meantime. A sequence gets a
 * new name each time it is read again, so the count covers several sequences lost at once as well as one that is lost
 * again and again.
 */
const MAX_FORGOTTEN = 8;

/**
 * How many answers one stage may end with another failure before it is replaced, if no step comes back in the meantime.
 */
const MAX_FAILED = 2;

/** Messages for people. A stage's own message goes to the log only, because a stranger may have written it. */
const FAILURES = {
  "stage-lost": "A device of the pipeline no longer knows what it has read of this answer. Ask again.",
  "out-of-memory": "A device of the pipeline has no memory left for this answer. Ask again, or for a shorter one.",
  "stage-refused": "A device of the pipeline could not compute a step of this answer. Ask again.",
} satisfies Partial<Record<ErrorCode, string>>;
/** Maximum length of a stage's own message that is kept. */
const MAX_WORDS_CHARS = 200;

/** The visible state of a ring. */
export interface RingState {
  /** `repairing`: a stage is lost; steps wait until other nodes have its layers, and then continue. */
  readonly status: "forming" | "ready" | "repairing" | "closed";
  /** Why the ring is closed. It closes by itself if no node can take the layers of a lost stage. */
  readonly error: Error | undefined;
  /** In ring order, including stages that are still loading. */
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
  /** The tensors that the last stage returns. */
  readonly returns: readonly HiddenSlot[];
  /** Names nodes for the layers `[from, to)`, none of which may be in `not`. Throws if there are none. */
  replace(range: { readonly from: number; readonly to: number }, not: ReadonlySet<Did>): readonly RingStage[];
  /** Called with the ring whenever its state has changed, also while it is being formed. */
  onChange(ring: RingState): void;
}

/** A step that has not come back yet. */
interface OpenStep {
  readonly sequence: string;
  readonly count: number;
  done(hidden: HiddenState): void;
  fail(error: unknown): void;
}

/** Presents the stages of other nodes as one service: input goes to the first of them, output comes from the last. */
export class Ring implements StageService, RingState {
  readonly id = randomId(8);
  readonly #options: RingOptions;
  readonly #members: RingMembers;
  readonly #watch: StepWatch;
  readonly #open = new Map<number, OpenStep>();
  /** The sequences that each stage no longer knows, since the last step that came back. */
  readonly #forgotten = new Map<Did, Set<string>>();
  /** The sequences that each stage has ended with another failure, since the last step that came back. */
  readonly #failed = new Map<Did, Set<string>>();
  readonly #stop = new AbortController();
  readonly #unlisten: (() => void)[];
  #nextLink: NextLink | undefined;
  #steps = 0;

  /** Opens all stages. If one cannot be opened, it throws and closes the others. */
  static async form(
    options: RingOptions,
    stages: readonly RingStage[],
    { signal }: { signal: AbortSignal },
  ): Promise<Ring> {
    signal.throwIfAborted();
    const ring = new Ring(options);
    using _ = onAbort(signal, (reason) => ring.close(reason));
    try {
      await ring.#members.form(stages);
      ring.#begin();
      return ring;
    } catch (error) {
      ring.close(error as Error);
      throw error;
    }
  }

  private constructor(options: RingOptions) {
    const { traffic, self, source, context, sequences, stepTokens } = options;
    const pipeline = this.id;
    this.#options = options;
    this.#members = new RingMembers({
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
      members: () => this.#members.all.map(({ did }) => did),
      ask: (did, step) => {
        const { did: previous, attempt } = this.#members.before(did);
        return traffic.send(did, "stage.where", { pipeline, step, previous, attempt });
      },
      waitsHere: (step) => this.#nextLink?.waits(step) ?? false,
      onStuck: (did) => this.#members.lose(did),
      onMissing: (did) => this.#members.blame(did),
    });
    this.#unlisten = [
      // A node that was replaced knows the pipeline too.
      traffic.handle(this.#handlers(), {
        pipeline: (id, from) => id === pipeline && this.#members.knows(from) && "asked",
      }),
      traffic.on("gone", ({ did }) => this.#members.lose(did)),
    ];
  }

  get status(): RingState["status"] {
    if (this.#stop.signal.aborted) return "closed";
    if (!this.#nextLink) return "forming";
    return this.#members.broken ? "repairing" : "ready";
  }

  /** The stages that hold layers or are loading them. */
  get stages(): readonly RingMember[] {
    return this.#members.shown;
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
    using _ = onAbort(signal, reject);
    try {
      this.#watch.given(number);
      this.#nextLink?.give({ ...step, step: number }, { known: false });
      return await promise;
    } finally {
      this.#open.delete(number);
      this.#watch.forget(number);
    }
  }

  end(sequence: string): void {
    if (!this.#stop.signal.aborted) this.#nextLink?.end(sequence);
  }

  /** Frees all stages; open steps fail with `error`. */
  close(error: Error = new MicrogridError("closed", "The pipeline was closed.")): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(error);
    for (const unlisten of this.#unlisten) unlisten();
    for (const step of this.#open.values()) step.fail(error);
    this.#members.close(error);
    this.#nextLink?.close();
    this.#changed();
  }

  /** Called when all stages are open, so that steps can start. */
  #begin(): void {
    const { did } = this.#members.all[0]!;
    this.#nextLink = new NextLink(this.#options.traffic, this.id, { did, attempt: 0 }, (lost) => this.#forget([lost]));
    this.#changed();
    // Some stages may have been lost before the last one was open.
    this.#members.mend();
  }

  #changed(): void {
    if (this.status === "ready") this.#watch.resume(this.#stepMs);
    else this.#watch.rest();
    this.#options.onChange(this);
  }

  /** Upper bound of the time for one step of a prompt, from the figures of the stages, in ms. */
  get #stepMs(): number {
    return this.#options.stepTokens * this.#members.all.reduce((sum, { decodeMs }) => sum + decodeMs, 0);
  }

  /** Handlers for the frames that stages send to the consumer. */
  #handlers(): StageHandlers {
    return {
      "stage.progress": (body, from) => this.#members.opening(from, body)?.progress(body.loadedBytes, body.totalBytes),
      "stage.ready": (body, from) => this.#members.opening(from, body)?.succeed(body.decodeMs),
      "stage.refused": (body, from) => this.#members.refuse(from, body),
      "stage.leaving": (_, from) => this.#members.leave(from),
      "stage.forward": (body, from) => this.#return(from, body),
      "stage.failed": (body, from) => {
        if (this.#members.has(from)) this.#fail(from, body);
      },
      "stage.seen": (body, from) => this.#watch.seen(from, body),
    };
  }

  #return(from: Did, body: ReceivedStageBody<"stage.forward">): void {
    const { last } = this.#members;
    if (from !== last?.did || body.attempt !== last.attempt) return;
    const open = this.#open.get(body.step);
    if (!open) return;
    const hidden = hiddenOf(body);
    if (hiddenFault(hidden, this.#options.returns, open.count) === undefined) {
      this.#watch.back(body.step);
      this.#forgotten.clear();
      this.#failed.clear();
      open.done(hidden);
    } else this.#members.lose(from);
  }

  #fail(from: Did, { sequence, step, code, message }: ReceivedStageBody<"stage.failed">): void {
    if (code === "peer-protocol") {
      this.#members.blame(from);
      return;
    }
    const known = code === "stage-lost" || code === "out-of-memory" ? code : "stage-refused";
    const counts = known === "stage-lost" ? this.#forgotten : this.#failed;
    const sequences = counts.get(from) ?? new Set();
    counts.set(from, sequences.add(sequence));
    const cause = new Error(message.slice(0, MAX_WORDS_CHARS));
    // A new stage is given the step again, which does not help if the sequence is lost.
    if (STAGE_IS_GONE.includes(code) || (known !== "stage-lost" && sequences.size > MAX_FAILED)) {
      this.#members.lose(from, new MicrogridError("peer-lost", "A device of the pipeline does not work.", { cause }));
      return;
    }
    if (sequences.size > MAX_FORGOTTEN) this.#members.lose(from);
    const error = new MicrogridError(known, FAILURES[known], { cause });
    for (const [number, open] of this.#open) {
      if (open.sequence === sequence && (step === undefined || number === step)) open.fail(error);
    }
  }

  /** Another stage is first now. */
  #reroute(next: RingNeighbour, again: Again): void {
    this.#forget(this.#nextLink?.reroute(next, again) ?? []);
  }

  /** Fails the open steps of these sequences, so that they are read again. */
  #forget(sequences: readonly string[]): void {
    const error = new MicrogridError("stage-lost", "The pipeline no longer has what it was given.");
    for (const step of this.#open.values()) if (sequences.includes(step.sequence)) step.fail(error);
  }
}
