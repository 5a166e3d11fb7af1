/** The members of a ring: opens their stages, and replaces members that are lost or leave. */
import { type Did, MicrogridError } from "../../core";
import type { ReceivedStageBody, StageLanes } from "../../room";
import type { RingNeighbour } from "./neighbour";
import { MemberStage, type RingMember, type RingStage, type RingTerms } from "./ring-member";

/** Maximum length of a device's own message that is shown to people. */
const MAX_REASON_CHARS = 200;

/** The steps that a new stage has to pass on; it reads all other steps up to layer `upTo` only. */
export type Again = Pick<ReceivedStageBody<"stage.next">, "upTo" | "open" | "openFrom">;

interface RingMembersOptions {
  readonly traffic: StageLanes;
  readonly pipeline: string;
  /** This node. */
  readonly self: Did;
  readonly terms: RingTerms;
  /** Names nodes for the layers `[from, to)`, none of which may be in `not`. Throws if there are none. */
  replace(range: { readonly from: number; readonly to: number }, not: ReadonlySet<Did>): readonly RingStage[];
  /** The steps that are not back, and the number of the next one. */
  steps(): Pick<Again, "open" | "openFrom">;
  /** Another stage is first now, and has to be given everything again. */
  reroute(next: RingNeighbour, again: Again): void;
  /** Called when neighbours have changed. */
  onSwap(): void;
  onChange(): void;
  /** Called if no node can take the layers of lost stages. */
  onBroken(error: MicrogridError): void;
}

/** Adjacent stages that have to be replaced. */
interface Gap {
  readonly start: number;
  readonly end: number;
  /** True if they are lost; false if they leave and still serve. */
  readonly lost: boolean;
}

/** Stages that are being opened to replace the members `[start, end)`. */
interface Opening extends Gap {
  readonly members: readonly MemberStage[];
  readonly stop: AbortController;
}

/** All members of a ring. */
export class RingMembers {
  readonly #options: RingMembersOptions;
  /** Members that were lost, have refused or left; no node is asked twice. */
  readonly #failed = new Set<Did>();
  readonly #complainers = new Set<Did>();
  /** Members that have said that they leave, and those of them whose layers other nodes may still take. */
  readonly #farewells = new Set<Did>();
  readonly #leaving = new Set<Did>();
  readonly #stop = new AbortController();
  #members: readonly MemberStage[] = [];
  #opening: Opening | undefined;
  #mending = false;
  #attempt = 0;
  /** The attempt under which the last stage returns results to this node. */
  #returnAttempt = 0;

  constructor(options: RingMembersOptions) {
    this.#options = options;
  }

  /** In ring order; empty until all are open for the first time. */
  get all(): readonly MemberStage[] {
    return this.#members;
  }

  /** The members to show to people: while stages are lost, those being opened appear in their place. */
  get shown(): readonly RingMember[] {
    const { start, end, members } = this.#opening ?? { start: 0, end: 0, members: [] };
    const serves = this.#members.length > 0 && !this.broken;
    const shown = serves ? this.#members : [...this.#members.slice(0, start), ...members, ...this.#members.slice(end)];
    return shown.map((member) => member.state);
  }

  /** True while a lost stage has not been replaced. */
  get broken(): boolean {
    return this.#members.some(({ did }) => this.#failed.has(did));
  }

  /** The member that returns results to this node. */
  get last(): RingNeighbour | undefined {
    const member = this.#members.at(-1);
    return member && { did: member.did, attempt: this.#returnAttempt };
  }

  /** Opens all stages. If one cannot be opened, it throws and closes the others. */
  async form(stages: readonly RingStage[]): Promise<void> {
    if (stages.length === 0) throw new MicrogridError("bad-request", "A pipeline needs at least one stage.");
    this.#members = await this.#open(stages, { start: 0, end: 0, lost: true });
  }

  /** The member of this node whose stage is being opened. Frames about an earlier `attempt` are ignored. */
  opening(
    did: Did,
    { attempt = this.#attempt }: { readonly attempt?: number | undefined } = {},
  ): MemberStage | undefined {
    return attempt === this.#attempt ? this.#opening?.members.find((member) => member.did === did) : undefined;
  }

  /** The node that sends steps to a member: the member before it, or this node. */
  before(did: Did): RingNeighbour {
    const index = this.#members.findIndex((member) => member.did === did);
    return { did: this.#members[index - 1]?.did ?? this.#options.self, attempt: this.#members[index]?.since ?? 0 };
  }

  /** Whether a node is a member. */
  has(did: Did): boolean {
    return this.#members.some((member) => member.did === did);
  }

  /** Whether a node is a member, or is about to become one. */
  knows(did: Did): boolean {
    return this.has(did) || this.opening(did) !== undefined;
  }

  /** A node is gone or at fault, so others take its layers. */
  lose(did: Did, error = new MicrogridError("peer-lost", "A device of the pipeline is gone.")): void {
    if (!this.knows(did)) return;
    this.opening(did)?.fail(error);
    this.#failed.add(did);
    this.mend();
  }

  /** A node does not open its stage, or does not keep it. */
  refuse(did: Did, { attempt, reason }: Pick<ReceivedStageBody<"stage.refused">, "attempt" | "reason">): void {
    if (this.opening(did) && !this.opening(did, { attempt })) return;
    const text = `A device refuses to hold its stage. It says: “${reason.slice(0, MAX_REASON_CHARS)}”`;
    this.lose(did, new MicrogridError("stage-refused", text));
  }

  /**
   * A member reports that it was given invalid input, or did not get a step that the one before it claims to have
   * passed on. One of the two is at fault: the one before is replaced first, and at the next complaint the complainer
   * is.
   */
  blame(complainer: Did): void {
    const before = this.#members[this.#members.findIndex(({ did }) => did === complainer) - 1];
    const again = this.#complainers.has(complainer);
    this.#complainers.add(complainer);
    this.lose(before && !again ? before.did : complainer);
  }

  /**
   * A member is about to leave, so others load its layers while it serves. If no node can, it is asked to stay as long
   * as it can.
   */
  leave(did: Did): void {
    if (!this.knows(did) || this.#farewells.has(did)) return;
    this.#farewells.add(did);
    this.#leaving.add(did);
    this.mend();
  }

  /** Replaces members, one gap after the other, until there is no gap. */
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
    for (const member of this.#members) member.close();
    this.#members = [];
  }

  async #mendAll(): Promise<void> {
    this.#mending = true;
    try {
      for (let gap = this.#gap(); gap; gap = this.#gap()) await this.#fill(gap);
    } catch (error) {
      const text = "A device of the pipeline is gone, and no other device in the room can take its layers.";
      if (!this.#stop.signal.aborted) this.#options.onBroken(new MicrogridError("peer-lost", text, { cause: error }));
    } finally {
      this.#mending = false;
    }
    this.#options.onChange();
  }

  #gap(): Gap | undefined {
    return this.#gapOf(this.#failed, true) ?? this.#gapOf(this.#leaving, false);
  }

  #gapOf(dids: ReadonlySet<Did>, lost: boolean): Gap | undefined {
    const start = this.#members.findIndex(({ did }) => dids.has(did));
    if (start < 0) return undefined;
    const length = this.#members.slice(start).findIndex(({ did }) => !dids.has(did));
    return { start, end: length < 0 ? this.#members.length : start + length, lost };
  }

  /**
   * Whether the stages that are being opened no longer match what is needed. Their nodes are not at fault and may be
   * asked again.
   */
  #isOutdated(opening: Opening, gap: Gap): boolean {
    // Its neighbour is lost too, so the gap is wider, and the new stages cannot link to the lost node.
    const neighbours = [this.#members[opening.start - 1], this.#members[opening.end]];
    if (neighbours.some((member) => member && this.#failed.has(member.did))) return true;
    // Lost stages are urgent, while leaving ones still serve.
    return !opening.lost && gap.lost && !covers(opening, gap);
  }

  /** Replaces the members of a gap. */
  async #fill(gap: Gap): Promise<void> {
    const { start, end, lost } = gap;
    const gone = this.#members.slice(start, end);
    const range = { from: gone[0]!.from, to: gone.at(-1)!.to };
    let stages: readonly RingStage[];
    try {
      stages = this.#options.replace(range, new Set([...this.#failed, ...this.#members.map(({ did }) => did)]));
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
    let members: readonly MemberStage[];
    try {
      members = await this.#open(stages, gap);
    } catch {
      // The nodes that refused are now in #failed, so others are asked next, until there are none. If the gap has
      // changed in the meantime, no node has failed.
      this.#stop.signal.throwIfAborted();
      return;
    }
    this.#swap(gap, members);
    for (const member of gone) {
      this.#failed.add(member.did);
      member.close();
    }
  }

  /** Opens stages between the neighbours of a gap, all at once. */
  async #open(stages: readonly RingStage[], gap: Gap): Promise<readonly MemberStage[]> {
    const { traffic, pipeline, self, terms, onChange } = this.#options;
    const members = stages.map((stage) => new MemberStage(stage, { traffic, pipeline, onChange }));
    const ends = [this.#members[gap.start - 1]?.did ?? self, this.#members[gap.end]?.did ?? self] as const;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, stop.signal]);
    const attempt = this.#attempt;
    // While a ring is being formed, no answer waits for it yet.
    const urgent = gap.lost && this.#members.length > 0;
    this.#opening = { ...gap, members, stop };
    onChange();
    const opened = await Promise.allSettled(
      members.map(async (member, index) => {
        const placing = {
          previous: members[index - 1]?.did ?? ends[0],
          next: members[index + 1]?.did ?? ends[1],
          attempt,
        };
        try {
          await member.open(terms, placing, { signal, urgent });
        } catch (error) {
          if (!signal.aborted) this.#failed.add(member.did);
          // Without this stage, the others need not load any further.
          stop.abort(error);
          throw error;
        }
      }),
    );
    this.#opening = undefined;
    if (!signal.aborted) return members;
    for (const [index, { status }] of opened.entries()) if (status === "fulfilled") members[index]!.close();
    throw signal.reason;
  }

  /** Links the new stages and their neighbours. */
  #swap({ start, end }: Gap, members: readonly MemberStage[]): void {
    const { traffic, pipeline, steps, reroute, onSwap } = this.#options;
    const [before, after] = [this.#members[start - 1], this.#members[end]];
    const [first, last] = [members[0]!, members.at(-1)!];
    const attempt = this.#attempt;
    this.#members = [...this.#members.slice(0, start), ...members, ...this.#members.slice(end)];
    if (after) after.follow(last.did, attempt);
    else this.#returnAttempt = attempt;
    // The stage before the gap may get steps that start from now on earlier than this frame.
    const again = { upTo: last.to, ...steps() };
    if (before) traffic.post(before.did, "stage.next", { pipeline, attempt, did: first.did, ...again });
    else reroute({ did: first.did, attempt }, again);
    onSwap();
  }
}

function covers(outer: Gap, inner: Gap): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}
