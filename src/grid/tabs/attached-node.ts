/** The node in another tab of this origin. */
import { AsyncQueue, MicrogridError, TypedEventTarget, errorFromData, randomId } from "../../core";
import type { NodeCalls } from "../../node";
import type { AnswerEvent, AnswerRequest, GridState } from "../../node";
import type { TabChannel } from "./channel";
import type { Host, HostEvents } from "./host";
import { LEADER, LEADER_SILENCE_MS, PING_MS, type ToTab } from "./protocol";

/** What waits for the leader: a call, or an answer. */
interface Waiting {
  receive(body: ToTab): void;
  fail(error: Error): void;
}

/** Attached to the leading tab. */
export class AttachedNode extends TypedEventTarget<HostEvents> implements Host {
  readonly #channel: TabChannel;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stopListening: () => void;
  readonly #pinger: ReturnType<typeof setInterval>;
  #leader: string;
  #state: GridState;
  #heardAt = performance.now();

  /**
   * Attaches to whoever leads. Resolves to undefined where nobody answers in time: the leader is frozen.
   * `onSilent` is called when the leader falls silent later.
   */
  static async attach(channel: TabChannel, onSilent: () => void): Promise<AttachedNode | undefined> {
    return new Promise((resolve) => {
      const hello = (): void => channel.send(LEADER, { type: "hello" });
      let heardAt = performance.now();
      const stop = channel.listen([channel.id], (body, from) => {
        heardAt = performance.now();
        // A leader that has only just come up has not heard the first hello.
        if (body.type === "leading") hello();
        if (body.type !== "state") return;
        finish();
        resolve(new AttachedNode(channel, from, body.state, onSilent));
      });
      const timer = setInterval(() => {
        if (performance.now() - heardAt <= LEADER_SILENCE_MS) return hello();
        finish();
        resolve(undefined);
      }, PING_MS);
      const finish = (): void => {
        stop();
        clearInterval(timer);
      };
      hello();
    });
  }

  private constructor(channel: TabChannel, leader: string, state: GridState, onSilent: () => void) {
    super();
    this.#channel = channel;
    this.#leader = leader;
    this.#state = attached(state);
    this.#stopListening = channel.listen([channel.id], (body, from) => this.#receive(body as ToTab, from));
    this.#pinger = setInterval(() => this.#ping(onSilent), PING_MS);
  }

  get state(): GridState {
    return this.#state;
  }

  async call<M extends keyof NodeCalls>(
    method: M,
    args: NodeCalls[M]["args"],
    signal: AbortSignal,
  ): Promise<NodeCalls[M]["result"]> {
    signal.throwIfAborted();
    const id = randomId(8);
    const onAbort = (): void => {
      this.#channel.send(LEADER, { type: "cancel", id });
      this.#waiting.get(id)?.fail(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, {
          receive: (body) => body.type === "result" && resolve(body.value as NodeCalls[M]["result"]),
          fail: reject,
        });
        this.#channel.send(LEADER, { type: "call", id, method, args });
      });
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async *answer(request: AnswerRequest, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    signal.throwIfAborted();
    const id = randomId(8);
    const queue = new AsyncQueue<AnswerEvent>({ capacity: Infinity });
    const onAbort = (): void => queue.fail(signal.reason);
    signal.addEventListener("abort", onAbort);
    this.#waiting.set(id, {
      receive: (body) => {
        if (body.type === "event") void queue.push(body.event);
        if (body.type === "end") queue.end();
      },
      fail: (error) => queue.fail(error),
    });
    this.#channel.send(LEADER, { type: "answer", id, request });
    try {
      yield* queue;
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (this.#waiting.delete(id)) this.#channel.send(LEADER, { type: "cancel", id });
    }
  }

  /** Lets go of the leader: everything that waits for it fails with `leader-lost`. */
  close(): void {
    clearInterval(this.#pinger);
    this.#stopListening();
    // The leader may live on: nobody here waits for its answers any more.
    for (const id of this.#waiting.keys()) this.#channel.send(LEADER, { type: "cancel", id });
    this.#failAll();
  }

  #receive(body: ToTab, from: string): void {
    if (body.type === "leading") {
      // Another tab leads now: it knows nothing of what was asked of the one before.
      this.#leader = from;
      this.#failAll();
      this.#channel.send(LEADER, { type: "hello" });
      return;
    }
    const next = body.type === "starting";
    if (from !== this.#leader && !next) return;
    // A tab that is about to take over counts as the leader's voice already.
    this.#heardAt = performance.now();
    switch (body.type) {
      case "starting":
      case "pong":
        break;
      case "state":
        this.#state = attached(body.state);
        this.emit("patch", this.#state);
        break;
      case "patch":
        this.#state = attached({ ...this.#state, ...body.patch });
        this.emit("patch", body.patch);
        break;
      case "error":
        this.#waiting.get(body.id)?.fail(errorFromData(body.error));
        break;
      case "result":
      case "event":
      case "end":
        this.#waiting.get(body.id)?.receive(body);
        break;
    }
  }

  #ping(onSilent: () => void): void {
    this.#channel.send(LEADER, { type: "ping" });
    const silence = performance.now() - this.#heardAt;
    // After a sleep of this tab itself, the leader gets a chance to answer first.
    if (silence > 2 * LEADER_SILENCE_MS) this.#heardAt = performance.now() - PING_MS;
    else if (silence > LEADER_SILENCE_MS) onSilent();
  }

  #failAll(): void {
    const error = new MicrogridError("leader-lost", "The tab that ran the node is gone; another takes over.");
    for (const waiting of [...this.#waiting.values()]) waiting.fail(error);
  }
}

/** The leader's state as an attached tab shows it. */
function attached(state: GridState): GridState {
  return { ...state, role: "attached" };
}
