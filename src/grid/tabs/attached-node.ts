/** The node in another tab of this origin. */
import { type TabBorder, connect, watchLife } from "../../border";
import { MicrogridError, onAbort } from "../../core";
import type { GridState, NodeApi, StatePatch } from "../../node";
import { tabLock } from "./leadership";

/** How often an attached tab asks whether the leader is awake. */
const PING_MS = 1_000;
/** A leader that is silent for this long counts as frozen. */
export const LEADER_SILENCE_MS = 3_000;

interface AttachedNodeOptions {
  readonly border: TabBorder;
  /** The tab that leads. */
  readonly leader: string;
  onPatch(patch: StatePatch): void;
  /** The leader is dead, or silent although it lives. Called once. */
  onLost(why: "dead" | "silent"): void;
}

/** The way to a node in another tab. Everything that waits for it rejects with `leader-lost` when that tab is lost. */
export class AttachedNode {
  readonly api: NodeApi;
  #state: GridState;
  readonly #border: TabBorder;
  readonly #leader: string;
  readonly #gone: AbortController;

  /**
   * Attaches to the tab that leads, and gets the state. Rejects with `build-differs`, or with `leader-lost` if the leader
   * does not answer in time. A leader whose node is still starting answers, and is waited for.
   */
  static async attach(options: AttachedNodeOptions): Promise<AttachedNode> {
    const { border, leader, onPatch } = options;
    const gone = new AbortController();
    const lose = (why: "dead" | "silent"): void => {
      if (gone.signal.aborted) return;
      gone.abort(leaderLost());
      options.onLost(why);
    };
    const late = setTimeout(() => gone.abort(leaderLost()), LEADER_SILENCE_MS);
    try {
      const endpoint = await border.reach(leader, { signal: gone.signal }).finally(() => clearTimeout(late));
      const api = connect<NodeApi>(endpoint, { gone: gone.signal });
      watchLife(tabLock(leader), gone.signal, () => lose("dead"));
      watchAwake(api, gone.signal, () => lose("silent"));
      const patches = api.watch({ signal: gone.signal })[Symbol.asyncIterator]();
      const first = await patches.next();
      const node = new AttachedNode(options, api, attached((first.value ?? {}) as GridState), gone);
      void (async () => {
        for (let next = await patches.next(); next.done !== true; next = await patches.next()) {
          node.#state = attached({ ...node.#state, ...next.value });
          onPatch("role" in next.value ? { ...next.value, role: "attached" } : next.value);
        }
      })().catch(() => undefined);
      return node;
    } catch (error) {
      gone.abort(error);
      border.forget(leader);
      throw error;
    }
  }

  private constructor({ border, leader }: AttachedNodeOptions, api: NodeApi, state: GridState, gone: AbortController) {
    this.api = api;
    this.#state = state;
    this.#border = border;
    this.#leader = leader;
    this.#gone = gone;
  }

  /** The newest state. */
  get state(): GridState {
    return this.#state;
  }

  /** Lets go of the leader: everything that waits for it rejects with `leader-lost`. */
  close(): void {
    if (!this.#gone.signal.aborted) this.#gone.abort(leaderLost());
    this.#border.forget(this.#leader);
  }
}

/** Asks the leader again and again; its answers come from a message handler, since timers of hidden pages are slow. */
function watchAwake(api: NodeApi, gone: AbortSignal, onSilent: () => void): void {
  let heardAt = performance.now();
  const timer = setInterval(() => {
    api.ping().then(
      () => (heardAt = performance.now()),
      () => undefined,
    );
    const silence = performance.now() - heardAt;
    // After a sleep of this tab itself, the leader gets a chance to answer first.
    if (silence > 2 * LEADER_SILENCE_MS) heardAt = performance.now() - PING_MS;
    else if (silence > LEADER_SILENCE_MS) onSilent();
  }, PING_MS);
  onAbort(gone, () => clearInterval(timer));
}

/** The leader's state as an attached tab shows it. */
function attached(state: GridState): GridState {
  return { ...state, role: "attached" };
}

function leaderLost(): MicrogridError {
  return new MicrogridError("leader-lost", "The tab that ran the node is gone; another takes over.");
}
