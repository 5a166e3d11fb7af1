/** The node in this tab: serves the tab itself and all tabs that are attached to it. */
import { TypedEventTarget, errorToData, isAbort } from "../../core";
import type { GridNode, NodeCalls } from "../../node";
import type { AnswerEvent, AnswerRequest, GridState } from "../../node";
import type { TabChannel } from "./channel";
import type { Host, HostEvents } from "./host";
import { watchTab } from "./leadership";
import { EVERYBODY, LEADER, type ToLeader } from "./protocol";

/** A node and the tabs that use it. */
export class LocalNode extends TypedEventTarget<HostEvents> implements Host {
  readonly node: GridNode;
  readonly #channel: TabChannel;
  readonly #stopListening: () => void;
  readonly #stop = new AbortController();
  /** What attached tabs wait for, by tab and id. */
  readonly #running = new Map<string, AbortController>();
  readonly #tabs = new Set<string>();

  constructor(node: GridNode, channel: TabChannel) {
    super();
    this.node = node;
    this.#channel = channel;
    node.store.on("patch", (patch) => {
      this.emit("patch", patch);
      if (this.#tabs.size > 0) channel.send(EVERYBODY, { type: "patch", patch });
    });
    this.#stopListening = channel.listen([LEADER, channel.id], (body, from) => this.#receive(body as ToLeader, from));
    channel.send(EVERYBODY, { type: "leading" });
  }

  get state(): GridState {
    return this.node.store.state;
  }

  call<M extends keyof NodeCalls>(
    method: M,
    args: NodeCalls[M]["args"],
    signal: AbortSignal,
  ): Promise<NodeCalls[M]["result"]> {
    return this.node.methods[method](args, signal);
  }

  answer(request: AnswerRequest, signal: AbortSignal): AsyncIterable<AnswerEvent> {
    return this.node.answer(request, signal);
  }

  close(): void {
    this.#stopListening();
    this.#stop.abort();
    this.node.close();
  }

  #receive(body: ToLeader, from: string): void {
    switch (body.type) {
      case "hello":
        this.#attach(from);
        this.#channel.send(from, { type: "state", state: this.state });
        break;
      case "ping":
        this.#channel.send(from, { type: "pong" });
        break;
      case "cancel":
        this.#running.get(`${from}/${body.id}`)?.abort();
        break;
      case "call":
        void this.#serve(from, body.id, async (signal) => {
          const value = await this.call(body.method, body.args as never, signal);
          this.#channel.send(from, { type: "result", id: body.id, value });
        });
        break;
      case "answer":
        void this.#serve(from, body.id, async (signal) => {
          for await (const event of this.answer(body.request, signal)) {
            this.#channel.send(from, { type: "event", id: body.id, event });
          }
          this.#channel.send(from, { type: "end", id: body.id });
        });
        break;
    }
  }

  #attach(tab: string): void {
    if (this.#tabs.has(tab)) return;
    this.#tabs.add(tab);
    watchTab(tab, this.#stop.signal, () => {
      this.#tabs.delete(tab);
      for (const [key, abort] of this.#running) if (key.startsWith(`${tab}/`)) abort.abort();
    });
  }

  async #serve(tab: string, id: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const key = `${tab}/${id}`;
    const abort = new AbortController();
    this.#running.set(key, abort);
    try {
      await work(abort.signal);
    } catch (error) {
      if (!isAbort(error) || !abort.signal.aborted)
        this.#channel.send(tab, { type: "error", id, error: errorToData(error) });
    } finally {
      this.#running.delete(key);
    }
  }
}
