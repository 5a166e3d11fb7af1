/** The consumer's side of a pipeline: sends steps around the ring, and puts others in the place of stages that are lost. */
import { type Did, MicrogridError, deferred, errorFromData, randomId } from "../../core";
import { type HiddenSlot, type HiddenState, type StageForward, type StageService, hiddenFault } from "../../inference";
import type { ReceivedStageBody, StageFrame, StageTraffic } from "../../room";
import { Edge, hiddenOf } from "./edge";

/** Time in which a node loads its layers or says that it does not, ms. */
const OPEN_TIMEOUT_MS = 120_000;

/** Some layers on a node. */
export interface RingStage {
  readonly did: Did;
  /** Layers `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

/** Which files of which model stages are made of. */
export type StageSource = Pick<ReceivedStageBody<"stage.open">, "model" | "graph" | "weightsHash">;

interface RingOptions {
  readonly traffic: StageTraffic;
  /** This node. */
  readonly self: Did;
  readonly source: StageSource;
  readonly context: number;
  readonly sequences: number;
  readonly stepTokens: number;
  /** What the last stage gives back. */
  readonly returns: readonly HiddenSlot[];
  /** Names nodes for the layers `[from, to)`, none of those that are taken or failed. Throws where there are none. */
  replace(range: { readonly from: number; readonly to: number }, not: ReadonlySet<Did>): readonly RingStage[];
  onChange(): void;
}

/** A step that has not come back yet. */
interface OpenStep {
  readonly sequence: string;
  readonly count: number;
  done(hidden: HiddenState): void;
  fail(error: unknown): void;
}

/** One stage of a ring, with its neighbours as it knows them. */
interface Seat extends RingStage {
  readonly release: () => void;
}

/** Stages of other nodes as one service: what goes in here comes out of the last of them. */
export class Ring implements StageService {
  readonly id = randomId(8);
  readonly #options: RingOptions;
  readonly #open = new Map<number, OpenStep>();
  readonly #opening = new Map<Did, { ready(): void; refused(error: Error): void }>();
  readonly #failed = new Set<Did>();
  readonly #complainers = new Set<Did>();
  readonly #stop = new AbortController();
  readonly #unlisten: (() => void)[];
  #seats: readonly Seat[] = [];
  #edge: Edge | undefined;
  #attempt = 0;
  /** The attempt under which the last stage gives back to this node. */
  #returnAttempt = 0;
  #steps = 0;
  #repairing: Promise<void> | undefined;

  /** Opens all stages. Throws where one of them is refused, and closes the others then. */
  static async form(
    options: RingOptions,
    stages: readonly RingStage[],
    { signal }: { signal: AbortSignal },
  ): Promise<Ring> {
    const ring = new Ring(options);
    const close = (): void => ring.close(signal.reason as Error);
    signal.addEventListener("abort", close);
    try {
      ring.#seats = await ring.#seat(stages, options.self, options.self);
      const first = ring.#seats[0];
      if (!first) throw new MicrogridError("bad-request", "A pipeline needs at least one stage.");
      ring.#edge = new Edge(options.traffic, ring.id, { did: first.did, attempt: 0 });
      ring.#mend();
      return ring;
    } catch (error) {
      ring.close(error as Error);
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  private constructor(options: RingOptions) {
    this.#options = options;
    this.#unlisten = [
      options.traffic.on("frame", ({ from, frame }) => this.#receive(from, frame)),
      options.traffic.on("gone", ({ did }) => this.#lose(did)),
    ];
  }

  /** Who holds which layers now. */
  get stages(): readonly RingStage[] {
    return this.#seats;
  }

  /** True while a lost stage is being replaced. */
  get repairing(): boolean {
    return this.#repairing !== undefined;
  }

  async forward(step: StageForward, { signal }: { signal: AbortSignal }): Promise<HiddenState> {
    signal.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    const number = this.#steps++;
    const { promise, resolve, reject } = deferred<HiddenState>();
    this.#open.set(number, {
      sequence: step.sequence,
      count: step.count,
      done: resolve,
      fail: reject,
    });
    const cancel = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", cancel);
    try {
      this.#edge?.give({ ...step, step: number }, { known: false });
      return await promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#open.delete(number);
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
    for (const opening of this.#opening.values()) opening.refused(error);
    for (const seat of this.#seats) this.#leave(seat);
    this.#seats = [];
    this.#options.onChange();
  }

  #receive(from: Did, frame: StageFrame): void {
    if (!("pipeline" in frame.body) || frame.body.pipeline !== this.id) return;
    switch (frame.kind) {
      case "stage.ready":
        this.#opening.get(from)?.ready();
        break;
      case "stage.refused": {
        const error = new MicrogridError("stage-refused", `A device does not hold its stage: ${frame.body.reason}`);
        const opening = this.#opening.get(from);
        if (opening) opening.refused(error);
        else this.#lose(from);
        break;
      }
      case "stage.forward":
        this.#return(from, frame.body);
        break;
      case "stage.failed":
        if (this.#seats.some(({ did }) => did === from)) this.#fail(from, frame.body);
        break;
      default: // The rest is for stages.
    }
  }

  #return(from: Did, body: ReceivedStageBody<"stage.forward">): void {
    if (from !== this.#seats.at(-1)?.did || body.attempt !== this.#returnAttempt) return;
    const open = this.#open.get(body.step);
    if (!open) return;
    const hidden = hiddenOf(body);
    if (hiddenFault(hidden, this.#options.returns, open.count) === undefined) open.done(hidden);
    else this.#lose(from);
  }

  #fail(from: Did, { sequence, step, code, message }: ReceivedStageBody<"stage.failed">): void {
    if (code === "peer-protocol") {
      this.#blame(from);
      return;
    }
    const known = code === "stage-lost" || code === "out-of-memory" ? code : "stage-refused";
    const error = errorFromData({ code: known, message });
    for (const [number, open] of this.#open) {
      if (open.sequence === sequence && (step === undefined || number === step)) open.fail(error);
    }
  }

  /**
   * A stage says that it was given nonsense. Either it or the one before it is at fault: the one before is replaced, and at
   * the next complaint who complains. The steps that are open are given again to the new one.
   */
  #blame(complainer: Did): void {
    const before = this.#seats[this.#seats.findIndex(({ did }) => did === complainer) - 1];
    const again = this.#complainers.has(complainer);
    this.#complainers.add(complainer);
    this.#lose(before && !again ? before.did : complainer);
  }

  #lose(did: Did): void {
    this.#opening.get(did)?.refused(new MicrogridError("peer-lost", "A device of the pipeline is gone."));
    // Perhaps it has just taken a seat that is not listed yet.
    this.#failed.add(did);
    this.#mend();
  }

  /** Begins to replace stages that are lost, if there are any. */
  #mend(): void {
    if (!this.#seats.some(({ did }) => this.#failed.has(did))) return;
    this.#repairing ??= this.#repair().finally(() => {
      this.#repairing = undefined;
      this.#options.onChange();
    });
    this.#options.onChange();
  }

  /** Fills the first gap, and the next, until there is none. */
  async #repair(): Promise<void> {
    try {
      for (;;) {
        const start = this.#seats.findIndex(({ did }) => this.#failed.has(did));
        if (start < 0) return;
        let end = start;
        while (end < this.#seats.length && this.#failed.has(this.#seats[end]!.did)) end++;
        await this.#fill(start, end);
      }
    } catch (error) {
      const text = "A device of the pipeline is gone, and nobody in the room can take its layers.";
      this.close(new MicrogridError("peer-lost", text, { cause: error }));
    }
  }

  /** Puts others in the place of the stages `[start, end)`. */
  async #fill(start: number, end: number): Promise<void> {
    const { self, traffic, replace } = this.#options;
    const gone = this.#seats.slice(start, end);
    const [before, after] = [this.#seats[start - 1], this.#seats[end]];
    const range = { from: gone[0]!.from, to: gone.at(-1)!.to };
    this.#attempt++;
    let seated: readonly Seat[];
    try {
      const not = new Set([...this.#failed, ...this.#seats.map(({ did }) => did)]);
      seated = await this.#seat(replace(range, not), before?.did ?? self, after?.did ?? self);
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      // Whoever has refused now is among those that failed: the others are asked next, until there are none.
      if (error instanceof SeatError) return;
      throw error;
    }
    for (const seat of gone) this.#leave(seat);
    this.#seats = [...this.#seats.slice(0, start), ...seated, ...this.#seats.slice(end)];
    const attempt = this.#attempt;
    if (after) traffic.post(after.did, "stage.previous", { pipeline: this.id, attempt, did: seated.at(-1)!.did });
    else this.#returnAttempt = attempt;
    const next = { did: seated[0]!.did, attempt };
    // Steps that are begun from now on may be with the stage before the gap earlier than this word of ours.
    const again = { upTo: range.to, open: [...this.#open.keys()], openFrom: this.#steps };
    if (before) traffic.post(before.did, "stage.next", { pipeline: this.id, ...next, ...again });
    else {
      const forgotten = this.#edge?.reroute(next, again) ?? [];
      const error = new MicrogridError("stage-lost", "The pipeline no longer has what it was given.");
      for (const step of this.#open.values()) if (forgotten.includes(step.sequence)) step.fail(error);
    }
  }

  /** Opens stages between two neighbours, all at once. */
  async #seat(stages: readonly RingStage[], previous: Did, next: Did): Promise<Seat[]> {
    const opened = await Promise.allSettled(
      stages.map((stage, index) =>
        this.#openSeat(stage, stages[index - 1]?.did ?? previous, stages[index + 1]?.did ?? next),
      ),
    );
    const seats = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failed = opened.find((result) => result.status === "rejected");
    if (!failed) return seats;
    for (const seat of seats) this.#leave(seat);
    throw failed.reason;
  }

  async #openSeat(stage: RingStage, previous: Did, next: Did): Promise<Seat> {
    const { traffic, source, context, sequences, stepTokens } = this.#options;
    const { did, from, to } = stage;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)]);
    const { promise, resolve, reject } = deferred<undefined>();
    let release: () => void = () => undefined;
    try {
      release = await traffic.hold(did, { signal });
      this.#opening.set(did, { ready: () => resolve(undefined), refused: reject });
      signal.addEventListener("abort", () => reject(new MicrogridError("peer-lost", "A device took too long.")));
      const terms = { ...source, from, to, context, sequences, stepTokens, attempt: this.#attempt };
      await traffic.send(did, "stage.open", { pipeline: this.id, ...terms, previous, next });
      await promise;
      return { ...stage, release };
    } catch (error) {
      release();
      this.#failed.add(did);
      throw new SeatError(error);
    } finally {
      this.#opening.delete(did);
    }
  }

  #leave({ did, release }: Seat): void {
    this.#options.traffic.post(did, "stage.close", { pipeline: this.id });
    release();
  }
}

/** A node did not take the stage that it was asked to hold. */
class SeatError extends MicrogridError {
  constructor(cause: unknown) {
    const { code, message } = cause instanceof MicrogridError ? cause : { code: "peer-lost" as const, message: "" };
    super(code, message || "A device of the pipeline did not answer.", { cause });
  }
}
