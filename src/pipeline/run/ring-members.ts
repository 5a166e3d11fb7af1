/** Who holds which layers of a ring: opens stages, and puts others in the place of those that are lost or leave. */
import { type Did, MicrogridError } from "../../core";
import type { ReceivedStageBody, StageLanes } from "../../room";
import type { RingNeighbour } from "./neighbour";
import { type RingMember, type RingStage, type RingTerms, Seat } from "./ring-member";

/** Most that people read of what a device says. */
const MAX_REASON_CHARS = 200;

/** Which steps a new stage has to pass on; it reads the others up to layer `upTo` only. */
export type Again = Pick<ReceivedStageBody<"stage.next">, "upTo" | "open" | "openFrom">;

interface SeatsOptions {
  readonly traffic: StageLanes;
  readonly pipeline: string;
  /** This node. */
  readonly self: Did;
  readonly terms: RingTerms;
  /** Names nodes for the layers `[from, to)`, none of those in `not`. Throws where there are none. */
  replace(range: { readonly from: number; readonly to: number }, not: ReadonlySet<Did>): readonly RingStage[];
  /** Steps that are not back, and the number of the next one. */
  steps(): Pick<Again, "open" | "openFrom">;
  /** Another stage stands first: it is to be given everything again. */
  reroute(next: RingNeighbour, again: Again): void;
  /** Neighbours have changed. */
  onSwap(): void;
  onChange(): void;
  /** Nobody can take the layers of stages that are lost. */
  onBroken(error: MicrogridError): void;
}

/** Stages side by side that others are to replace. */
interface Gap {
  readonly start: number;
  readonly end: number;
  /** Whether they are lost, or leave and still serve. */
  readonly lost: boolean;
}

/** Stages that are being opened in the place of the seats `[start, end)`. */
interface Opening extends Gap {
  readonly seats: readonly Seat[];
  readonly stop: AbortController;
}

/** All seats of a ring. */
export class RingMembers {
  readonly #options: SeatsOptions;
  /** Who was lost, refused, or has left: nobody is asked twice. */
  readonly #failed = new Set<Did>();
  readonly #complainers = new Set<Did>();
  /** Who has said that it leaves, and those of them whose layers somebody may still take. */
  readonly #farewells = new Set<Did>();
  readonly #leaving = new Set<Did>();
  readonly #stop = new AbortController();
  #seated: readonly Seat[] = [];
  #opening: Opening | undefined;
  #mending = false;
  #attempt = 0;
  /** The attempt under which the last stage gives back to this node. */
  #returnAttempt = 0;

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  /** In ring order; empty until all are open for the first time. */
  get seated(): readonly Seat[] {
    return this.#seated;
  }

  /** The same for people: where stages are lost, those that are being opened stand in their place. */
  get shown(): readonly RingMember[] {
    const { start, end, seats } = this.#opening ?? { start: 0, end: 0, seats: [] };
    const serves = this.#seated.length > 0 && !this.broken;
    const shown = serves ? this.#seated : [...this.#seated.slice(0, start), ...seats, ...this.#seated.slice(end)];
    return shown.map((seat) => seat.state);
  }

  /** True while a lost stage is not replaced yet. */
  get broken(): boolean {
    return this.#seated.some(({ did }) => this.#failed.has(did));
  }

  /** Who gives back to this node. */
  get last(): RingNeighbour | undefined {
    const seat = this.#seated.at(-1);
    return seat && { did: seat.did, attempt: this.#returnAttempt };
  }

  /** Opens all stages. Throws where one of them is not to be had; the others are closed then. */
  async form(stages: readonly RingStage[]): Promise<void> {
    if (stages.length === 0) throw new MicrogridError("bad-request", "A pipeline needs at least one stage.");
    this.#seated = await this.#open(stages, { start: 0, end: 0, lost: true });
  }

  /** The seat of a node that is just taking it. What it says of an earlier `attempt` does not count any more. */
  opening(did: Did, { attempt = this.#attempt }: { readonly attempt?: number | undefined } = {}): Seat | undefined {
    return attempt === this.#attempt ? this.#opening?.seats.find((seat) => seat.did === did) : undefined;
  }

  /** Who gives steps to a node that has a seat: this node where none stands before it. */
  before(did: Did): RingNeighbour {
    const index = this.#seated.findIndex((seat) => seat.did === did);
    return { did: this.#seated[index - 1]?.did ?? this.#options.self, attempt: this.#seated[index]?.since ?? 0 };
  }

  /** Whether a node has a seat. */
  has(did: Did): boolean {
    return this.#seated.some((seat) => seat.did === did);
  }

  /** A node is gone, or at fault: others take its layers. */
  lose(did: Did, error = new MicrogridError("peer-lost", "A device of the pipeline is gone.")): void {
    if (!this.#knows(did)) return;
    this.opening(did)?.fail(error);
    this.#failed.add(did);
    this.mend();
  }

  /** A node does not open its stage, or does not keep it. */
  refuse(did: Did, { attempt, reason }: Pick<ReceivedStageBody<"stage.refused">, "attempt" | "reason">): void {
    if (this.opening(did) && !this.opening(did, { attempt })) return;
    const text = `A device does not hold its stage. It says: “${reason.slice(0, MAX_REASON_CHARS)}”`;
    this.lose(did, new MicrogridError("stage-refused", text));
  }

  /**
   * A node says that it was given nonsense, or not given what the one before it says it has passed on. Either of the two is
   * at fault: the one before is replaced, and at the next complaint who complains.
   */
  blame(complainer: Did): void {
    const before = this.#seated[this.#seated.findIndex(({ did }) => did === complainer) - 1];
    const again = this.#complainers.has(complainer);
    this.#complainers.add(complainer);
    this.lose(before && !again ? before.did : complainer);
  }

  /** A stage is about to leave: others load its layers while it serves. Where nobody can, it is told to stay until it goes. */
  leave(did: Did): void {
    if (!this.#knows(did) || this.#farewells.has(did)) return;
    this.#farewells.add(did);
    this.#leaving.add(did);
    this.mend();
  }

  /** Replaces what has to be replaced, one gap after the other, until there is none. */
  mend(): void {
    const gap = this.#gap();
    if (!gap) return;
    if (this.#opening && this.#isOutdated(this.#opening, gap)) {
      this.#opening.stop.abort(new MicrogridError("closed", "Other layers are to be replaced first."));
    }
    if (!this.#mending) void this.#mendAll();
    this.#options.onChange();
  }

  close(error: Error): void {
    this.#stop.abort(error);
    for (const seat of this.#seated) seat.close();
    this.#seated = [];
  }

  async #mendAll(): Promise<void> {
    this.#mending = true;
    try {
      for (let gap = this.#gap(); gap; gap = this.#gap()) await this.#fill(gap);
    } catch (error) {
      const text = "A device of the pipeline is gone, and nobody in the room can take its layers.";
      if (!this.#stop.signal.aborted) this.#options.onBroken(new MicrogridError("peer-lost", text, { cause: error }));
    } finally {
      this.#mending = false;
    }
    this.#options.onChange();
  }

  /** Whether a node has a seat, or is just taking one. */
  #knows(did: Did): boolean {
    return this.has(did) || this.opening(did) !== undefined;
  }

  #gap(): Gap | undefined {
    return this.#gapOf(this.#failed, true) ?? this.#gapOf(this.#leaving, false);
  }

  #gapOf(dids: ReadonlySet<Did>, lost: boolean): Gap | undefined {
    const start = this.#seated.findIndex(({ did }) => dids.has(did));
    if (start < 0) return undefined;
    const length = this.#seated.slice(start).findIndex(({ did }) => !dids.has(did));
    return { start, end: length < 0 ? this.#seated.length : start + length, lost };
  }

  /** Whether what is being opened is not what is needed now. Whoever opens it is not at fault, and may be asked again. */
  #isOutdated(opening: Opening, gap: Gap): boolean {
    // Its neighbour is lost too: the gap is wider, and nobody can link to who is gone.
    const neighbours = [this.#seated[opening.start - 1], this.#seated[opening.end]];
    if (neighbours.some((seat) => seat && this.#failed.has(seat.did))) return true;
    // What is lost is urgent: whoever leaves still serves.
    return !opening.lost && gap.lost && !covers(opening, gap);
  }

  /** Puts others in the place of some stages. */
  async #fill(gap: Gap): Promise<void> {
    const { start, end, lost } = gap;
    const gone = this.#seated.slice(start, end);
    const range = { from: gone[0]!.from, to: gone.at(-1)!.to };
    let stages: readonly RingStage[];
    try {
      stages = this.#options.replace(range, new Set([...this.#failed, ...this.#seated.map(({ did }) => did)]));
    } catch (error) {
      if (lost) throw error;
      const { traffic, pipeline } = this.#options;
      for (const { did } of gone) {
        this.#leaving.delete(did);
        traffic.post(did, "stage.stay", { pipeline });
      }
      return;
    }
    this.#attempt++;
    let seats: readonly Seat[];
    try {
      seats = await this.#open(stages, gap);
    } catch {
      // Whoever has refused now is among those that failed: the others are asked next, until there are none. Where the gap
      // is another one by now, nobody has failed.
      this.#stop.signal.throwIfAborted();
      return;
    }
    this.#swap(gap, seats);
    for (const seat of gone) {
      this.#failed.add(seat.did);
      seat.close();
    }
  }

  /** Opens stages between the neighbours of a gap, all at once. */
  async #open(stages: readonly RingStage[], gap: Gap): Promise<readonly Seat[]> {
    const { traffic, pipeline, self, terms, onChange } = this.#options;
    const seats = stages.map((stage) => new Seat(stage, { traffic, pipeline, onChange }));
    const ends = [this.#seated[gap.start - 1]?.did ?? self, this.#seated[gap.end]?.did ?? self] as const;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, stop.signal]);
    const attempt = this.#attempt;
    // While a ring is formed nobody waits for an answer of it yet.
    const urgent = gap.lost && this.#seated.length > 0;
    this.#opening = { ...gap, seats, stop };
    onChange();
    const opened = await Promise.allSettled(
      seats.map(async (seat, index) => {
        const placing = { previous: seats[index - 1]?.did ?? ends[0], next: seats[index + 1]?.did ?? ends[1], attempt };
        try {
          await seat.open(terms, placing, { signal, urgent });
        } catch (error) {
          if (!signal.aborted) this.#failed.add(seat.did);
          // Without it the others need not load any further.
          stop.abort(error);
          throw error;
        }
      }),
    );
    this.#opening = undefined;
    if (!signal.aborted) return seats;
    for (const [index, { status }] of opened.entries()) if (status === "fulfilled") seats[index]!.close();
    throw signal.reason;
  }

  /** Makes neighbours of new stages and those around them. */
  #swap({ start, end }: Gap, seats: readonly Seat[]): void {
    const { traffic, pipeline, steps, reroute, onSwap } = this.#options;
    const [before, after] = [this.#seated[start - 1], this.#seated[end]];
    const [first, last] = [seats[0]!, seats.at(-1)!];
    const attempt = this.#attempt;
    this.#seated = [...this.#seated.slice(0, start), ...seats, ...this.#seated.slice(end)];
    if (after) after.follow(last.did, attempt);
    else this.#returnAttempt = attempt;
    // Steps that are begun from now on may be with the stage before the gap earlier than this word of ours.
    const again = { upTo: last.to, ...steps() };
    if (before) traffic.post(before.did, "stage.next", { pipeline, attempt, did: first.did, ...again });
    else reroute({ did: first.did, attempt }, again);
    onSwap();
  }
}

function covers(outer: Gap, inner: Gap): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}
