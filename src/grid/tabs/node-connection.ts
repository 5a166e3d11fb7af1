/** Finds or becomes the node of this origin, and follows it from tab to tab. */
import { TabBorder, holdLife, serve, watchLife } from "../../border";
import { MicrogridError, TypedEventTarget, deferred, sleep } from "../../core";
import {
  GridNode,
  type GridState,
  type NodeApi,
  type NodeOptions,
  type Notice,
  type StatePatch,
  followNode,
  isNodeLost,
} from "../../node";
import { AttachedNode } from "./attached-node";
import { Leadership, findLeader, holdLeading, tabLock } from "./leadership";

/** How soon a tab looks again for the tab that leads, while the lead passes from one tab to another. */
const SEARCH_MS = 50;

/** Shown in the tabs of a build when a tab of another one has the node, or has asked for it. */
const OTHER_BUILD: Notice = {
  id: "build-differs",
  level: "warning",
  text:
    "Another tab of this site runs a different version of Microgrid, and the two cannot work together. Reload this tab to " +
    "get the newest version. Your chats and drafts stay.",
};

interface NodeConnectionEvents {
  /** Parts of the node's state have changed, or all of it, because another node runs now. */
  patch: StatePatch;
}

/** The node as it can be reached now. */
interface ReachedNode {
  readonly api: NodeApi;
  /** The state when the node was reached. */
  readonly state: GridState;
}

/** A node that was reached, here or in another tab. */
interface Held extends ReachedNode {
  readonly local: GridNode | undefined;
  close(): void;
}

/** The way to the node, as long as this tab lives. Emits patches of the node that runs, wherever that is. */
export class NodeConnection extends TypedEventTarget<NodeConnectionEvents> {
  readonly #options: Omit<NodeOptions, "takesOver">;
  readonly #border = new TabBorder({
    build: import.meta.env.MICROGRID_BUILD ?? "dev",
    onOtherBuild: () => this.#node?.local?.store.notify(OTHER_BUILD),
  });
  readonly #leadership: Leadership;
  readonly #listeners = new AbortController();
  #node: Held | undefined;
  /** Settled when there is a node again. */
  #reached = deferred<ReachedNode>();
  #failure: Error | undefined;
  #closed = false;
  /** Counts changes of role, so that a start that was overtaken can tell. */
  #generation = 0;
  #releaseTab: () => void = () => undefined;

  constructor(options: Omit<NodeOptions, "takesOver">) {
    super();
    this.#options = options;
    this.#leadership = new Leadership({
      onLead: (takesOver) => void this.#lead(takesOver),
      onDemoted: () => void this.#attach(),
    });
    addEventListener(
      "pagehide",
      (event) => {
        // A page kept for "back" may return; its lock is lost meanwhile, and it attaches again then.
        if (!event.persisted) this.close();
      },
      { signal: this.#listeners.signal },
    );
  }

  /** Resolves when there is a node, here or in another tab. Throws if it cannot start. */
  async start(): Promise<ReachedNode> {
    this.#releaseTab = await holdLife(tabLock(this.#border.id));
    if ((await this.#leadership.start()) === "waits") void this.#attach();
    return this.current();
  }

  /** The node as it can be reached now; waits while it moves between tabs. */
  async current(): Promise<ReachedNode> {
    if (this.#node) return this.#node;
    if (this.#closed) throw new MicrogridError("closed", "The grid was closed.");
    if (this.#failure !== undefined) throw this.#failure;
    return this.#reached.promise;
  }

  /** The node in this tab, if it is the one that leads. */
  get local(): GridNode | undefined {
    return this.#node?.local;
  }

  /** Ends the node, or lets go of the one in another tab; another tab takes over. */
  close(): void {
    this.#closed = true;
    this.#listeners.abort();
    this.#set(undefined);
    this.#reached.reject(new MicrogridError("closed", "The grid was closed."));
    this.#releaseTab();
    this.#leadership.close();
    this.#border.close();
  }

  async #lead(takesOver: boolean): Promise<void> {
    const generation = ++this.#generation;
    this.#set(undefined);
    const leading = new AbortController();
    const release = await holdLeading(this.#border.id);
    const starting = deferred<NodeApi>();
    this.#serveTabs(starting.promise, leading.signal);
    const stop = (): void => {
      leading.abort();
      this.#border.accept(undefined);
      release();
    };
    try {
      const node = await GridNode.start({ ...this.#options, takesOver });
      if (generation !== this.#generation || this.#closed) {
        node.close();
        stop();
        return;
      }
      starting.resolve(node.api);
      const stopPatches = node.store.on("patch", (patch) => this.emit("patch", patch));
      this.#set({
        api: node.api,
        state: node.store.state,
        local: node,
        close: () => {
          stopPatches();
          stop();
          node.close();
        },
      });
    } catch (error) {
      starting.reject(error);
      stop();
      this.#fail(error);
      // A start that fails here may succeed in another tab; this one does not stand in its way.
      this.#leadership.close();
    }
  }

  /** Lets other tabs use the node of this one. They are answered while it starts, so that it does not seem frozen. */
  #serveTabs(starting: Promise<NodeApi>, leading: AbortSignal): void {
    const api: NodeApi = {
      ...followNode(() => starting),
      async *answer(request, options) {
        yield* (await starting).answer(request, options);
      },
      async *watch(options) {
        yield* (await starting).watch(options);
      },
      ping: async () => undefined,
    };
    this.#border.accept((tab, endpoint) => {
      serve(api, endpoint);
      watchLife(tabLock(tab), leading, () => this.#border.forget(tab));
    });
  }

  /** Attaches to the tab that leads, whichever that is by then, until this tab has a node or leads itself. */
  async #attach(): Promise<void> {
    const generation = ++this.#generation;
    this.#set(undefined);
    const overtaken = (): boolean => generation !== this.#generation || this.#closed;
    while (!overtaken()) {
      const leader = await findLeader();
      if (leader === undefined) {
        await sleep(SEARCH_MS, this.#listeners.signal);
        continue;
      }
      try {
        const node = await AttachedNode.attach({
          border: this.#border,
          leader,
          onPatch: (patch) => this.emit("patch", patch),
          onLost: (why) => void this.#lost(leader, why),
        });
        if (overtaken()) node.close();
        else this.#set({ api: node.api, state: node.state, local: undefined, close: () => node.close() });
        return;
      } catch (error) {
        if (overtaken()) return;
        if (!isNodeLost(error)) {
          if (error instanceof MicrogridError && error.code === "build-differs") {
            this.emit("patch", { notices: [OTHER_BUILD] });
          }
          this.#fail(error);
          return;
        }
        await this.#stealFrom(leader);
      }
    }
  }

  async #lost(leader: string, why: "dead" | "silent"): Promise<void> {
    // A node that is held although it is lost would refuse each call at once, and calls that are repeated would never rest.
    this.#set(undefined);
    if (why === "silent") await this.#stealFrom(leader);
    if (!this.#closed) await this.#attach();
  }

  /** Takes the lead from a tab that does not answer, unless another tab has taken it by now. */
  async #stealFrom(leader: string): Promise<void> {
    if ((await findLeader()) === leader && !this.#closed) this.#leadership.steal();
  }

  #set(node: Held | undefined): void {
    this.#node?.close();
    this.#node = node;
    if (!node) return;
    this.#failure = undefined;
    this.emit("patch", node.state);
    this.#reached.resolve(node);
    this.#reached = deferred();
  }

  /** Calls that wait for a node get the reason instead of waiting without end. */
  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#reached.reject(this.#failure);
    this.#reached = deferred();
  }
}
