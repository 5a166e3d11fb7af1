/** The time that a run may take: rows that do not fit any more are left out, and named. */

/** A span of time, and the names of all that was left out because of it. */
export class Budget {
  readonly #endsAt: number;
  readonly #now: () => number;
  readonly #dropped: string[];

  /** `ms` from now on. */
  constructor(ms: number, now: () => number = () => performance.now(), dropped: string[] = []) {
    this.#now = now;
    this.#endsAt = now() + ms;
    this.#dropped = dropped;
  }

  /** Milliseconds that are left, 0 or more. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - this.#now());
  }

  /** Names of what was left out, in order, also by parts of this budget. */
  get dropped(): readonly string[] {
    return this.#dropped;
  }

  /** The given share of what is left now. */
  share(share: number): Budget {
    return new Budget(this.leftMs * share, this.#now, this.#dropped);
  }

  /**
   * The result of `work`; undefined if it is left out, since it would probably take longer than is left, or if it is not done in
   * time. In the second case the work goes on, and the caller has to end it.
   */
  async run<T>(name: string, expectedMs: number, work: () => Promise<T>): Promise<T | undefined> {
    const { leftMs } = this;
    if (leftMs === 0 || expectedMs > leftMs) {
      this.#dropped.push(name);
      return undefined;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => (timer = setTimeout(resolve, leftMs, "late")));
    const begun = work().then((result) => ({ result }));
    try {
      const first = await Promise.race([begun, late]);
      if (first !== "late") return first.result;
      begun.catch(() => undefined);
      this.#dropped.push(`${name} (not done in time)`);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}
