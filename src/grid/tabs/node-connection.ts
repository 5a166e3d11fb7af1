/** Finds or becomes the node of this origin, and follows it from tab to tab. */
import { MicrogridError, TypedEventTarget } from "../../core";
import { GridNode, type NodeOptions } from "../../node";
import { TabChannel } from "./channel";
import type { Host, HostEvents } from "./host";
import { Leadership, holdTabLock } from "./leadership";
import { LocalNode } from "./local-node";
import { LEADER } from "./protocol";
import { AttachedNode } from "./attached-node";

/** The way to the node, as long as this tab lives. Emits patches of whichever node there is. */
export class NodeConnection extends TypedEventTarget<HostEvents> {
  readonly #options: Omit<NodeOptions, "takesOver">;
  readonly #channel = new TabChannel();
  readonly #leadership: Leadership;
  #host: Host | undefined;
  /** Those who wait for a host. */
  #waiting: ((host: Host) => void)[] = [];
  #failure: Error | undefined;
  #closed = false;
  /** Counts changes of role, so that a start that was overtaken can tell. */
  #generation = 0;
  #stopForwarding: () => void = () => undefined;
  #releaseTab: () => void = () => undefined;
  readonly #listeners = new AbortController();

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

  /** Resolves when there is a node, here or in another tab. Throws where it cannot start. */
  async start(): Promise<Host> {
    this.#releaseTab = holdTabLock(this.#channel.id);
    if ((await this.#leadership.start()) === "waits") await this.#attach();
    return this.current();
  }

  /** The node as it can be reached now; waits while it moves between tabs. */
  current(): Promise<Host> {
    if (this.#host) return Promise.resolve(this.#host);
    if (this.#closed) return Promise.reject(new MicrogridError("closed", "The grid was closed."));
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The node in this tab, if it is the one that leads. */
  get local(): LocalNode | undefined {
    return this.#host instanceof LocalNode ? this.#host : undefined;
  }

  /** Leaves; another tab takes over. */
  close(): void {
    this.#closed = true;
    this.#listeners.abort();
    this.#set(undefined);
    this.#releaseTab();
    this.#leadership.close();
    this.#channel.close();
  }

  async #lead(takesOver: boolean): Promise<void> {
    const generation = ++this.#generation;
    this.#set(undefined);
    // Tabs that come now must not take the start for a freeze.
    const starting = this.#channel.listen([LEADER], (_body, from) => this.#channel.send(from, { type: "starting" }));
    try {
      const node = await GridNode.start({ ...this.#options, takesOver });
      if (generation === this.#generation && !this.#closed) this.#set(new LocalNode(node, this.#channel));
      else node.close();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#failure = failure;
      // Whoever waits gets the reason instead of waiting for ever.
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve(Promise.reject(failure) as never);
      // What fails here may work in another tab; this one does not stand in its way.
      this.#leadership.close();
    } finally {
      starting();
    }
  }

  async #attach(): Promise<void> {
    const generation = ++this.#generation;
    this.#set(undefined);
    const host = await AttachedNode.attach(this.#channel, () => this.#leadership.steal());
    if (generation !== this.#generation || this.#closed) return host?.close();
    if (host) this.#set(host);
    else this.#leadership.steal();
  }

  #set(host: Host | undefined): void {
    this.#stopForwarding();
    this.#host?.close();
    this.#host = host;
    if (!host) return;
    this.#failure = undefined;
    this.#stopForwarding = host.on("patch", (patch) => this.emit("patch", patch));
    this.emit("patch", host.state);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(host);
  }
}
