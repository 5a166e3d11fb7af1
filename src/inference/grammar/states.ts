/** Where a text stands in a grammar: all ways to read it at once, found as they are needed and kept. */
import { MicrogridError } from "../../core";
import type { Grammar } from "./expressions";
import type { ByteRange } from "./utf8-ranges";
import { networkOf } from "./network";
import type { Node, RuleNodes } from "./nodes";
import { type AfterPlain, afterPlain } from "./plain";

/** Ways to read a text that are followed at once. Further ones are dropped, so the rest of a text may be less free. */
const MAX_WAYS = 1_000;
/** States that are kept of one grammar; beyond that, those that nobody uses are forgotten. */
const MAX_STATES = 20_000;
/** Places that are looked at for one token: a hostile format must not occupy the device. It takes a moment. */
const MAX_WORK = 200_000;

/** A place in a rule, and the places behind the rules that wait for it. */
interface Frame {
  readonly id: number;
  readonly node: Node;
  readonly parent: Frame | undefined;
  /** Fewest bytes from here to the end of the text. */
  readonly cost: number;
}

/** The ways in which a text may go on. Texts that may go on in the same ways have, mostly, the same state. */
export interface State {
  /** True if the text may end here. */
  readonly canEnd: boolean;
  /** True if nothing may follow. */
  readonly isOver: boolean;
  /** Fewest bytes that are missing. */
  readonly cost: number;
  /** True if a shortest end begins with this byte. */
  isNearer(byte: number): boolean;
  /** The state after any plain character. */
  readonly afterPlain: AfterPlain<State>;
  /** The state after one more byte; undefined if it may not follow. */
  after(byte: number): State | undefined;
}

/** The states of one grammar. */
export class States {
  /** The state of the empty text. */
  readonly start: State;
  #known = new Map<string, KnownState>();
  #frames = new Map<string, Frame>();
  #nextFrame = 0;
  #age = 0;
  #work = 0;

  /** Throws `bad-request` as `networkOf` does. */
  constructor(grammar: Grammar) {
    const root: RuleNodes = networkOf(grammar);
    this.start = this.#state([this.#frame(root.start!, undefined)]);
  }

  /** Grows when all states are forgotten. */
  get age(): number {
    return this.#age;
  }

  /** To be called before each token: the work for one token is limited. Beyond it, finding a state throws `bad-request`. */
  beginToken(): void {
    this.#work = 0;
  }

  /** The state after a byte that leads to these places; undefined if there are none. */
  at(frames: readonly Frame[]): KnownState | undefined {
    return frames.length === 0 ? undefined : this.#state(frames);
  }

  /** Counts work that is done elsewhere. */
  spend(work: number): void {
    this.#work += work;
  }

  /** A place in a rule, the same object for the same place. */
  step(node: Node, parent: Frame | undefined): Frame {
    return this.#frame(node, parent);
  }

  #state(first: readonly Frame[]): KnownState {
    const key = keyOf(first);
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#known.size >= MAX_STATES) {
      this.#known = new Map();
      this.#frames = new Map();
      this.#age++;
    }
    const state = this.#expanded(first);
    const same = this.#known.get(state.key) ?? state;
    this.#known.set(key, same);
    this.#known.set(state.key, same);
    return same;
  }

  /** Follows everything that takes no byte. */
  #expanded(first: readonly Frame[]): KnownState {
    const open = [...first].reverse();
    const seen = new Set<Frame>();
    const ways: Frame[] = [];
    let canEnd = false;
    if (this.#work > MAX_WORK) {
      throw new MicrogridError(
        "bad-request",
        "The format that is asked for can be read in too many ways at once. Use a simpler one.",
      );
    }
    for (let frame = open.pop(); frame && ways.length < MAX_WAYS; frame = open.pop()) {
      if (seen.has(frame)) continue;
      seen.add(frame);
      this.#work++;
      const { node, parent } = frame;
      // A way without an end must not be gone.
      if (!Number.isFinite(frame.cost)) continue;
      if (node.bytes.length > 0) ways.push(frame);
      if (node.end && parent) open.push(parent);
      if (node.end && !parent) canEnd = true;
      for (const next of node.empty) open.push(this.#frame(next, parent));
      for (const { rule, next } of node.calls) {
        // Nothing is left to do behind the last call of a rule, so nothing needs to wait there.
        open.push(this.#frame(rule.start!, next.isLast ? parent : this.#frame(next, parent)));
      }
    }
    return new KnownState(this, ways, canEnd);
  }

  #frame(node: Node, parent: Frame | undefined): Frame {
    const key = `${node.index},${parent?.id ?? ""}`;
    const known = this.#frames.get(key);
    if (known) return known;
    const frame = { id: this.#nextFrame++, node, parent, cost: node.cost + (parent?.cost ?? 0) };
    this.#frames.set(key, frame);
    return frame;
  }
}

class KnownState implements State {
  readonly canEnd: boolean;
  readonly cost: number;
  readonly #states: States;
  readonly #ways: readonly Frame[];
  /** By byte: the state behind it, null if there is none; a hole where nobody has asked. */
  #next: (KnownState | null | undefined)[] = [];
  #nearest: readonly ByteRange[] | undefined;
  #afterPlain: AfterPlain<KnownState> | undefined;
  #age: number;

  constructor(states: States, ways: readonly Frame[], canEnd: boolean) {
    this.#states = states;
    this.#ways = ways;
    this.canEnd = canEnd;
    this.cost = canEnd ? 0 : ways.reduce((least, { cost }) => Math.min(least, cost), Number.POSITIVE_INFINITY);
    this.#age = states.age;
  }

  get key(): string {
    return `${this.canEnd ? "end" : "on"}:${keyOf(this.#ways)}`;
  }

  get isOver(): boolean {
    return this.#ways.length === 0;
  }

  isNearer(byte: number): boolean {
    this.#nearest ??= this.#ways.flatMap(({ node, parent }) => {
      const behind = 1 + (parent?.cost ?? 0);
      return node.bytes.flatMap(({ range, next }) => (next.cost + behind === this.cost ? [range] : []));
    });
    return this.#nearest.some(([first, last]) => first <= byte && byte <= last);
  }

  get afterPlain(): AfterPlain<KnownState> {
    this.#forget();
    return (this.#afterPlain ??= afterPlain<KnownState>(this));
  }

  after(byte: number): KnownState | undefined {
    this.#forget();
    const known = this.#next[byte];
    if (known !== undefined) return known ?? undefined;
    const { frames, from, to } = this.#stepped(byte);
    const next = this.#states.at(frames);
    if (this.#next.length === 0) this.#next = new Array<undefined>(256).fill(undefined);
    this.#next.fill(next ?? null, from, to + 1);
    return next;
  }

  /** Holding on to forgotten states would keep all of them. */
  #forget(): void {
    if (this.#age === this.#states.age) return;
    this.#next = [];
    this.#afterPlain = undefined;
    this.#age = this.#states.age;
  }

  /** The places behind a byte, and the bytes around it that lead to the same ones. */
  #stepped(byte: number): { readonly frames: readonly Frame[]; readonly from: number; readonly to: number } {
    this.#states.spend(this.#ways.length);
    const frames: Frame[] = [];
    let [from, to] = [0, 255];
    for (const { node, parent } of this.#ways) {
      for (const { range, next } of node.bytes) {
        const [first, last] = range;
        if (last < byte) from = Math.max(from, last + 1);
        else if (first > byte) to = Math.min(to, first - 1);
        else {
          from = Math.max(from, first);
          to = Math.min(to, last);
          frames.push(this.#states.step(next, parent));
        }
      }
    }
    return { frames, from, to };
  }
}

function keyOf(frames: readonly Frame[]): string {
  return frames
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join(",");
}
