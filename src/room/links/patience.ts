/** Shares the time that this thread has for what nobody here has asked for: between the branches of the room, and not by links. */
import { type Did, putNewest } from "../../core";
import { MAX_NODES } from "../constants";
import type { Member } from "./member";
import type { Standing } from "../membership";
import type { ROOM_FRAMES } from "../protocol";
import type { Patience, RawFrame } from "../../wire";

/**
 * Milliseconds a second for all members together, half of it for whoever comes first, half of it in equal shares for the branches that
 * are linked. A busy room of a thousand takes a few of them.
 */
const MS_PER_SECOND = 24;
/** At once, for whoever comes first. */
const COMMON_MOST_MS = 500;
/** The same while this node is new in the room: then it hears of everybody, from several members. */
const COMMON_FIRST_MS = 5_000;
const NEW_MS = 30_000;
/** At once, for one branch. */
const BRANCH_MOST_MS = 100;
/** A branch loses a link that goes on after its share was used up: dropping costs little, so it has sent very much. */
const OVERDRAWN_MS = 50;

/** How often the linked branches are counted: a share may be that old, and counting for each frame would cost more than the frame. */
const COUNT_MS = 1_000;

/** Frames that may be lost: what they say comes again, or nobody waits for it. */
const DROPPABLE: ReadonlySet<string> = new Set<keyof typeof ROOM_FRAMES>([
  "members",
  "relay",
  "knock",
  "knock.answer",
  "gossip",
  "view.sums",
  "view.list",
  "view.pull",
]);

/** The time that is left at a moment. */
interface Purse {
  ms: number;
  at: number;
}

/** The time that all members of a room may take unasked. */
export class RoomPatience {
  readonly #members: ReadonlyMap<Did, { readonly standing: Pick<Standing, "branch"> }>;
  readonly #startedAt = performance.now();
  readonly #common: Purse = { ms: COMMON_FIRST_MS, at: this.#startedAt };
  /** Kept for branches without a link too: who comes back has what was left. */
  readonly #own = new Map<Did, Purse>();
  #branches = 1;
  #countedAt = -Infinity;

  /** `members`: those that are linked now. */
  constructor(members: ReadonlyMap<Did, { readonly standing: Pick<Standing, "branch"> }>) {
    this.#members = members;
  }

  /** Bounds a new link by the share of its branch. */
  bound(member: Member): void {
    member.link.bound(this.of(() => member.standing.branch));
  }

  /** Whether a frame is read: one that may be lost is not, while no time is left for its sender. */
  bears({ standing }: Member, { kind }: RawFrame): boolean {
    return !DROPPABLE.has(kind) || this.of(() => standing.branch).isLeft;
  }

  /** The share of a branch, which may change while a link is up. */
  of(branch: () => Did): Patience {
    const common = this.#common;
    const purse = (): Purse => this.#purse(branch());
    const spend = (ms: number): boolean => this.#spend(purse(), ms);
    return {
      get isLeft() {
        return common.ms > 0 || purse().ms > 0;
      },
      spend,
    };
  }

  #spend(own: Purse, ms: number): boolean {
    const now = performance.now();
    const isNew = now - this.#startedAt < NEW_MS;
    this.#refill(this.#common, now, MS_PER_SECOND / 2, isNew ? COMMON_FIRST_MS : COMMON_MOST_MS);
    const from = this.#common.ms > 0 ? this.#common : own;
    from.ms -= ms;
    return own.ms > -OVERDRAWN_MS;
  }

  #purse(branch: Did): Purse {
    const now = performance.now();
    if (now - this.#countedAt >= COUNT_MS) this.#count(now);
    const purse = this.#own.get(branch) ?? { ms: 0, at: now };
    this.#refill(purse, now, MS_PER_SECOND / 2 / this.#branches, BRANCH_MOST_MS);
    putNewest(this.#own, branch, purse, MAX_NODES);
    return purse;
  }

  #count(now: number): void {
    const branches = new Set<Did>();
    for (const { standing } of this.#members.values()) branches.add(standing.branch);
    this.#branches = Math.max(1, branches.size);
    this.#countedAt = now;
  }

  #refill(purse: Purse, now: number, perSecond: number, most: number): void {
    const more = Math.max(0, ((now - purse.at) * perSecond) / 1_000);
    purse.at = now;
    purse.ms = Math.min(most, purse.ms + more);
  }
}
