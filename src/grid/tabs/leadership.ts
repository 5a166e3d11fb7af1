/** Which tab runs the node: a Web Lock decides, so that a tab that dies is followed at once. */

import { holdLife, lockManager } from "../../border";

const LEADER_LOCK = "microgrid/leader";
const LEADING_PREFIX = "microgrid/leads/";

interface LeadershipOptions {
  /** This tab leads from now on; `takesOver` where another did before. */
  onLead(takesOver: boolean): void;
  /** Another tab took the lead, because this one had been frozen. */
  onDemoted(): void;
}

/** Holds the lock or waits for it. */
export class Leadership {
  readonly #options: LeadershipOptions;
  #release: () => void = () => undefined;
  #waiting = new AbortController();
  #closed = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Takes the lead if nobody has it; else waits for it. Resolves once it is known which. */
  async start(): Promise<"leads" | "waits"> {
    // Without locks (plain http) there is no way to agree, so every tab is on its own.
    if (!("locks" in navigator)) {
      this.#options.onLead(false);
      return "leads";
    }
    const leads = await new Promise<boolean>((resolve) => {
      void this.#request({ ifAvailable: true }, (granted) => resolve(granted), false);
    });
    if (leads) return "leads";
    this.#wait();
    return "waits";
  }

  /** Takes the lead from a tab that does not answer. */
  steal(): void {
    if (this.#closed) return;
    this.#waiting.abort();
    void this.#request({ steal: true }, () => undefined, true);
  }

  /** Gives the lead up, or stops waiting for it. */
  close(): void {
    this.#closed = true;
    this.#waiting.abort();
    this.#release();
  }

  #wait(): void {
    this.#waiting = new AbortController();
    void this.#request({ signal: this.#waiting.signal }, () => undefined, true);
  }

  async #request(options: LockOptions, answered: (granted: boolean) => void, takesOver: boolean): Promise<void> {
    let led = false;
    try {
      await navigator.locks.request(LEADER_LOCK, options, async (lock) => {
        answered(lock !== null);
        if (!lock || this.#closed) return;
        led = true;
        const held = new Promise<void>((resolve) => (this.#release = resolve));
        this.#options.onLead(takesOver);
        await held;
      });
    } catch {
      // Stolen, or the wait was cut short; both are told apart by whether this tab led.
      if (led && !this.#closed) {
        this.#options.onDemoted();
        this.#wait();
      }
    }
  }
}

/** The tab that leads, by its id; undefined while nobody does. Its locks and the leader's lock have one owner. */
export async function findLeader(): Promise<string | undefined> {
  const { held = [] } = (await lockManager()?.query()) ?? {};
  const owner = held.find(({ name }) => name === LEADER_LOCK)?.clientId;
  const own = held.find(({ name, clientId }) => clientId === owner && name?.startsWith(LEADING_PREFIX) === true);
  return owner === undefined ? undefined : own?.name?.slice(LEADING_PREFIX.length);
}

/** The lock that a tab holds as long as it lives. */
export function tabLock(id: string): string {
  return `microgrid/tab/${id}`;
}

/** The lock that says which tab has the leader's lock; held until the result is called. */
export function holdLeading(id: string): Promise<() => void> {
  return holdLife(LEADING_PREFIX + id);
}
