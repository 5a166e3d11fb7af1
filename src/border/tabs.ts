/**
 * Tabs of one origin as endpoints. A BroadcastChannel reaches every tab and cannot move ports, so frames carry an address,
 * and each port that a message moves is replaced by a number whose messages travel as frames of their own.
 */
import type { Endpoint } from "comlink";
import { MicrogridError, deferred, onAbort, randomId } from "../core";
import { LOST, isLast } from "./ports";
import { isPlainObject } from "./values";

/** Name of the channel; builds that speak another form of frames need another name. */
const CHANNEL = "microgrid/border";

/** A frame on the channel. */
interface Frame {
  readonly from: string;
  readonly to: string;
  readonly body: Body;
}

type Body =
  /** The first message: may I call you? Answered by `welcome` or `refused`. */
  | { readonly type: "hello"; readonly build: string }
  | { readonly type: "welcome"; readonly build: string }
  /** The receiver is of another build. */
  | { readonly type: "refused"; readonly build: string }
  /** A message of the connection (`port` 0), or of a port that an earlier message has moved. */
  | { readonly type: "message"; readonly port: number; readonly data: unknown };

/** Stands for a port inside of a message. */
interface PortMark {
  readonly "microgrid/port": number;
}

/** Serves something at the endpoint of a tab that calls this one. */
type TabVisitor = (tab: string, endpoint: TabEndpoint) => void;

/** How often a hello is said again while nothing answers: the other tab may only just have started to listen. */
const HELLO_MS = 500;

interface TabBorderOptions {
  readonly build: string;
  readonly id?: string;
  readonly onOtherBuild?: () => void;
}

/** This tab on the channel. */
export class TabBorder {
  /** This tab's address. */
  readonly id: string;
  readonly #build: string;
  readonly #onOtherBuild: () => void;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #endpoints = new Map<string, TabEndpoint>();
  readonly #visitors = new Set<string>();
  #onVisit: TabVisitor | undefined;
  #closed = false;
  /** Calls back with the answer to this tab's own hello, by tab. */
  readonly #greeting = new Map<string, (answer: Body) => void>();

  /**
   * `build` tells builds of the site apart: tabs of different builds refuse each other. `onOtherBuild` is called when this tab
   * has refused one.
   */
  constructor({ build, id = randomId(8), onOtherBuild = () => undefined }: TabBorderOptions) {
    this.#build = build;
    this.#onOtherBuild = onOtherBuild;
    this.id = id;
    this.#channel.onmessage = ({ data }: MessageEvent<Frame>) => {
      if (data.to === this.id) this.#receive(data.from, data.body);
    };
  }

  /**
   * The endpoint of another tab, once that tab has answered. Rejects with `build-differs` if it runs another build of the
   * site, and with the signal's reason: a tab that is frozen or still starting does not answer.
   */
  async reach(tab: string, { signal }: { signal: AbortSignal }): Promise<TabEndpoint> {
    signal.throwIfAborted();
    const hello = (): void => this.#send(tab, { type: "hello", build: this.#build });
    const { promise, resolve, reject } = deferred<Body>();
    using _ = onAbort(signal, reject);
    this.#greeting.set(tab, resolve);
    const timer = setInterval(hello, HELLO_MS);
    try {
      hello();
      const answer = await promise;
      if (answer.type === "refused") throw otherBuild();
      return this.#endpoint(tab);
    } finally {
      clearInterval(timer);
      if (this.#greeting.get(tab) === resolve) this.#greeting.delete(tab);
    }
  }

  /** From now on, tabs of the same build may call this one; `undefined`: no tab may, and those that do are forgotten. */
  accept(onVisit: TabVisitor | undefined): void {
    this.#onVisit = onVisit;
    if (onVisit) return;
    for (const tab of this.#visitors) this.forget(tab);
  }

  /** Forgets a tab: nothing is sent to it or taken from it any more. */
  forget(tab: string): void {
    this.#visitors.delete(tab);
    this.#endpoints.get(tab)?.close();
    this.#endpoints.delete(tab);
  }

  close(): void {
    this.#closed = true;
    for (const tab of [...this.#endpoints.keys()]) this.forget(tab);
    this.#channel.close();
  }

  #receive(tab: string, body: Body): void {
    switch (body.type) {
      case "hello":
        if (body.build !== this.#build) {
          this.#send(tab, { type: "refused", build: this.#build });
          return this.#onOtherBuild();
        }
        if (!this.#onVisit) return;
        // A tab says hello again while it waits for the answer.
        if (!this.#visitors.has(tab)) {
          this.#visitors.add(tab);
          this.#onVisit(tab, this.#endpoint(tab));
        }
        return this.#send(tab, { type: "welcome", build: this.#build });
      case "welcome":
      case "refused":
        return this.#greeting.get(tab)?.(body);
      case "message":
        return this.#endpoints.get(tab)?.receive(body.port, body.data);
    }
  }

  #endpoint(tab: string): TabEndpoint {
    let endpoint = this.#endpoints.get(tab);
    if (!endpoint) {
      endpoint = new TabEndpoint((port, data) => this.#send(tab, { type: "message", port, data }), this.id < tab);
      this.#endpoints.set(tab, endpoint);
    }
    return endpoint;
  }

  #send(to: string, body: Body): void {
    if (!this.#closed) this.#channel.postMessage({ from: this.id, to, body } satisfies Frame);
  }
}

/** The connection to one other tab, for `serve` and `connect`. */
class TabEndpoint implements Endpoint {
  readonly #send: (port: number, data: unknown) => void;
  /** Ports that were moved by either side; this tab's end of each is a real port. */
  readonly #ports = new Map<number, MessagePort>();
  readonly #listeners = new Set<EventListenerOrEventListenerObject>();
  #next: number;

  /** `even`: which of the two sides gives its ports even numbers. */
  constructor(send: (port: number, data: unknown) => void, even: boolean) {
    this.#send = send;
    this.#next = even ? 2 : 1;
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    const ports = transfer.filter((moved) => moved instanceof MessagePort);
    this.#send(0, ports.length > 0 ? this.#withoutPorts(message) : message);
  }

  addEventListener(_type: string, listener: EventListenerOrEventListenerObject): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: EventListenerOrEventListenerObject): void {
    this.#listeners.delete(listener);
  }

  /** Takes a message of the other tab. */
  receive(port: number, data: unknown): void {
    if (port === 0) {
      const event = new MessageEvent("message", { data: this.#withPorts(data) });
      for (const listener of [...this.#listeners]) {
        if (typeof listener === "function") listener(event);
        else listener.handleEvent(event);
      }
      return;
    }
    this.#ports.get(port)?.postMessage(data);
    if (isLast(data)) this.#ports.delete(port);
  }

  /** The other tab is gone: signals that came from it abort, streams end, callbacks are dropped. */
  close(): void {
    for (const port of this.#ports.values()) port.postMessage(LOST);
    this.#ports.clear();
    this.#listeners.clear();
  }

  /** Relays a port: what arrives at it goes to the other tab. */
  #relay(number: number, port: MessagePort): void {
    this.#ports.set(number, port);
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.#send(number, data);
      if (!isLast(data)) return;
      this.#ports.delete(number);
      port.close();
    };
  }

  #withoutPorts(value: unknown): unknown {
    if (value instanceof MessagePort) {
      const number = this.#next;
      this.#next += 2;
      this.#relay(number, value);
      return { "microgrid/port": number } satisfies PortMark;
    }
    return mapped(value, (part) => this.#withoutPorts(part));
  }

  #withPorts(value: unknown): unknown {
    if (isPortMark(value)) {
      const { port1, port2 } = new MessageChannel();
      this.#relay(value["microgrid/port"], port1);
      return port2;
    }
    return mapped(value, (part) => this.#withPorts(part));
  }
}

function isPortMark(value: unknown): value is PortMark {
  return isPlainObject(value) && typeof value["microgrid/port"] === "number";
}

/** A copy with each part mapped; what is neither an array nor a plain object stays as it is. */
function mapped(value: unknown, map: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, map(part)]));
}

function otherBuild(): MicrogridError {
  return new MicrogridError(
    "build-differs",
    "Another tab of this site runs a different version of Microgrid. Reload or close the other tabs; this one then starts by itself.",
  );
}
