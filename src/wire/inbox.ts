/** The frames of one channel on their way to a listener. They wait, still encoded, while there is none. */
import { type FrameOf, type FrameTable, parseFrame } from "./frames";
import type { RawFrame } from "./framing";
import type { LinkBudget, Interest } from "./link-budget";

/** Frames that nobody reads yet: they cost memory, and nothing else. */
interface InboxLimits {
  readonly frames: number;
  readonly bytes: number;
}

/** Decodes the frames of table `T` for a listener, one by one and within the link's budget. */
export class Inbox<T extends FrameTable> {
  readonly #table: T;
  readonly #budget: LinkBudget;
  readonly #limits: InboxLimits;
  readonly #waiting: RawFrame[] = [];
  #waitingBytes = 0;
  #take: ((frame: RawFrame) => void) | undefined;

  constructor(table: T, budget: LinkBudget, limits: InboxLimits) {
    this.#table = table;
    this.#budget = budget;
    this.#limits = limits;
  }

  /** Takes a frame, in the work that the budget measures. False if too many wait already: it is dropped then. */
  receive(frame: RawFrame): boolean {
    if (this.#take) {
      this.#take(frame);
      return true;
    }
    const bytes = this.#waitingBytes + frame.body.length;
    if (this.#waiting.length >= this.#limits.frames || bytes > this.#limits.bytes) return false;
    this.#waiting.push(frame);
    this.#waitingBytes = bytes;
    return true;
  }

  /**
   * Passes every frame to `listener` from now on, those that wait first, until `pause` or another listener. Frames that `wants`
   * refuses by their kind and encoded body are dropped before they are decoded. Throws as `parseFrame` does for those that wait.
   */
  listen(listener: (frame: FrameOf<T>) => void, wants: (frame: RawFrame) => Interest): void {
    const take = (frame: RawFrame): void => {
      const wanted = wants(frame);
      if (this.#table[frame.kind]?.asked) this.#budget.waive();
      else if (wanted === "asked") this.#budget.welcome();
      if (wanted !== false) listener(parseFrame(this.#table, frame, this.#budget));
    };
    this.#take = take;
    while (this.#take === take && this.#waiting.length > 0) {
      const frame = this.#waiting.shift()!;
      this.#waitingBytes -= frame.body.length;
      this.#budget.spend(0, () => take(frame));
    }
  }

  /** Frames wait again until there is a listener. */
  pause(): void {
    this.#take = undefined;
  }
}
