/** A signaling server and its network in memory, for unit tests of code that uses a `Transport`. */
import { type Bytes, MicrogridError } from "../../core";
import { type Endpoint, NoDirectWayError, type RawLink, type Transport } from "../transport";
import type { HandAnswer, HandOffer } from "../webrtc/by-hand";
import { StandInChannel, StandInLink, joinLinks } from "./stand-in-link";

/** One side of an in-memory channel; messages arrive in later tasks, in order, as on a network. */
class MemoryChannel extends StandInChannel {
  /** Set to see, change or drop (return undefined) what this side sends. */
  tamper: (message: Bytes) => Bytes | undefined = (message) => message;

  protected override carry(message: Bytes, arrive: (message: Bytes) => void): void {
    const sent = this.tamper(message)?.slice();
    if (sent) setTimeout(() => arrive(sent));
  }
}

/** One side of an in-memory connection. */
export type MemoryLink = StandInLink<MemoryChannel>;

/** The two ends of a new connection: the offerer's and the answerer's. */
export function memoryLinkPair(): [MemoryLink, MemoryLink] {
  const side = (offerer: boolean): MemoryLink => new StandInLink(offerer, () => new MemoryChannel());
  return joinLinks<MemoryChannel, MemoryLink>(side(true), side(false));
}

class MemoryEndpoint implements Endpoint {
  readonly id: string;
  readonly closed: Promise<string>;
  onLink: (link: RawLink) => void = (link) => link.close("nobody listens");
  onNoDirectWay: (error: NoDirectWayError) => void = () => undefined;
  readonly #server: MemorySignaling;
  #resolveClosed: (reason: string) => void = () => undefined;

  constructor(id: string, server: MemorySignaling) {
    this.id = id;
    this.#server = server;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  async dial(id: string, { signal }: { timeoutMs: number; signal: AbortSignal }): Promise<RawLink> {
    await Promise.resolve();
    signal.throwIfAborted();
    const other = this.#server.reach(this.id, id);
    if (!other) throw new MicrogridError("peer-lost", "A device could not be reached: nobody is there.");
    if (this.#server.walled) {
      setTimeout(() => other.onNoDirectWay(new NoDirectWayError(false)));
      throw new NoDirectWayError(true);
    }
    const [near, far] = memoryLinkPair();
    this.#server.links.push(near, far);
    setTimeout(() => other.onLink(far));
    return near;
  }

  close(): void {
    this.lose("it was closed");
  }

  lose(reason: string): void {
    this.#server.forget(this.id);
    this.#resolveClosed(reason);
  }
}

/** A signaling server in memory; it can go down, come back, and be split in two. */
export class MemorySignaling implements Transport {
  readonly endpoints = new Map<string, MemoryEndpoint>();
  /** All sides of all connections that were ever dialled. */
  readonly links: MemoryLink[] = [];
  up = true;
  /** Whether signaling works and no packet passes between the devices themselves. */
  walled = false;
  /** Whether two ids can reach each other; tests replace it to split the network. */
  canReach: (from: string, to: string) => boolean = () => true;

  async open(id: string, { signal }: { signal: AbortSignal }): Promise<Endpoint | "taken"> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (!this.up) throw new MicrogridError("signaling-unreachable", "The signaling server does not answer.");
    if (this.endpoints.has(id)) return "taken";
    const endpoint = new MemoryEndpoint(id, this);
    this.endpoints.set(id, endpoint);
    return endpoint;
  }

  readonly #offers = new Map<string, (link: RawLink) => void>();

  /** Connections made by hand; here, the texts are only numbers. */
  readonly hand = {
    offer: async (): Promise<HandOffer> => {
      const text = `offer ${this.#offers.size}`;
      const link = new Promise<RawLink>((resolve) => this.#offers.set(text, resolve));
      return { text, accept: () => link, cancel: () => undefined };
    },
    answer: async (offer: string): Promise<HandAnswer> => {
      const [near, far] = memoryLinkPair();
      this.links.push(near, far);
      this.#offers.get(offer)?.(near);
      return { text: "answer", link: Promise.resolve(far), cancel: () => undefined };
    },
  };

  /** The server dies: all connections to it are lost, but links between peers stay open. */
  goDown(): void {
    this.up = false;
    for (const endpoint of [...this.endpoints.values()])
      endpoint.lose("the connection to the signaling server was lost");
  }

  reach(from: string, to: string): MemoryEndpoint | undefined {
    return this.up && this.canReach(from, to) ? this.endpoints.get(to) : undefined;
  }

  forget(id: string): void {
    this.endpoints.delete(id);
  }
}
