/** The internet and a signaling server, simulated: latency for each pair, hosts that vanish, a network cut in two. */
import { type Bytes, MicrogridError, unlessAborted } from "../../../core";
import type { Endpoint, NoDirectWayError, RawLink, Transport } from "../../../wire";
import { StandInChannel, StandInLink, joinLinks } from "../../../wire/testing/stand-in-link";
import type { HandDialer } from "../../links/relay";
import { Census } from "./census";
import { logNormal } from "./chance";

/** One way from a host to the backbone: the median of home lines, with a tail of phones. */
const ACCESS_MS = 10;
const ACCESS_SIGMA = 0.6;
const JITTER_MS = 3;
/** One way from the backbone to the signaling server. */
const SERVER_MS = 10;
/** How long the server (`npm run signal`) needs to notice that a host has vanished. */
const ALIVE_TIMEOUT_MS = 20_000;
/** Round trips between two hosts for ICE, DTLS and SCTP until a data channel is open. */
const SETUP_ROUND_TRIPS = 4;
/** How long a browser goes on sending into the void before it calls a connection lost. */
const ICE_LOST_MS = 30_000;

/** One machine on the network. */
export class Host {
  readonly census = new Census();
  /** Median one-way time to the backbone. */
  readonly accessMs: number;
  /** False once it was unplugged. */
  alive = true;
  /** Hosts of different sides cannot reach each other. */
  side = 0;
  /** Handles a message from another host by calling `arrive`; a scenario measures it here. */
  receive: (from: Host, arrive: () => void) => void = (_, arrive) => arrive();
  readonly endpoints = new Set<SimulatedEndpoint>();

  constructor(random: () => number) {
    this.accessMs = logNormal(random, ACCESS_MS, ACCESS_SIGMA);
  }
}

/** Whether messages from one host reach the other. */
function reaches(from: Host, to: Host): boolean {
  return from.alive && to.alive && from.side === to.side;
}

class SimulatedChannel extends StandInChannel {
  readonly #from: Host;
  readonly #to: Host;
  readonly #random: () => number;
  #arrivesAt = 0;

  constructor(from: Host, to: Host, random: () => number) {
    super();
    this.#from = from;
    this.#to = to;
    this.#random = random;
  }

  protected override carry(message: Bytes, arrive: (message: Bytes) => void): void {
    if (!this.#from.alive) return;
    this.#from.census.note(this, message);
    const delay = this.#from.accessMs + this.#to.accessMs + JITTER_MS * this.#random();
    // In order: no message overtakes another, not even by a rounding error.
    this.#arrivesAt = Math.max(this.#arrivesAt, Math.ceil(performance.now() + delay));
    setTimeout(() => {
      if (reaches(this.#from, this.#to)) this.#to.receive(this.#from, () => arrive(message));
    }, this.#arrivesAt - performance.now());
  }
}

/** One side of a line. A host that was unplugged says nothing, and the other side has to notice by itself. */
class SimulatedLink extends StandInLink<SimulatedChannel> {
  readonly #near: Host;
  readonly #far: Host;

  private constructor(offerer: boolean, near: Host, far: Host, random: () => number) {
    super(offerer, () => new SimulatedChannel(near, far, random));
    this.#near = near;
    this.#far = far;
  }

  static pair(offerer: Host, answerer: Host, random: () => number): [SimulatedLink, SimulatedLink] {
    const near = new SimulatedLink(true, offerer, answerer, random);
    return joinLinks<SimulatedChannel, SimulatedLink>(near, new SimulatedLink(false, answerer, offerer, random));
  }

  /** The channels close in order behind what was sent; an unplugged host is missed later. */
  protected override goodbyeMs(): number {
    return reaches(this.#near, this.#far) ? this.#near.accessMs + this.#far.accessMs + JITTER_MS : ICE_LOST_MS;
  }
}

class SimulatedEndpoint implements Endpoint {
  readonly id: string;
  readonly host: Host;
  readonly closed: Promise<string>;
  onLink: (link: RawLink) => void = (link) => link.close("nobody listens");
  onNoDirectWay: (error: NoDirectWayError) => void = () => undefined;
  readonly #network: Network;
  #resolveClosed: (reason: string) => void = () => undefined;

  constructor(id: string, host: Host, network: Network) {
    this.id = id;
    this.host = host;
    this.#network = network;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    host.endpoints.add(this);
  }

  async dial(id: string, { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<RawLink> {
    signal.throwIfAborted();
    const dialled = this.#reach(id, timeoutMs);
    try {
      return await unlessAborted(dialled, signal);
    } catch (error) {
      // The other side may have the line already.
      dialled.then((link) => link.close("it was cancelled")).catch(() => undefined);
      throw error;
    }
  }

  async #reach(id: string, timeoutMs: number): Promise<RawLink> {
    await wait(this.host.accessMs + SERVER_MS);
    const other = this.#network.reach(this.host, id);
    if (!other) {
      await wait(timeoutMs);
      throw new MicrogridError("peer-lost", "A device could not be reached: nobody is there.");
    }
    // Offer and answer through the server, then the line itself.
    await wait(2 * (this.host.accessMs + other.host.accessMs) + 3 * SERVER_MS);
    return this.#network.connect(this.host, other.host, (link) => other.onLink(link), timeoutMs);
  }

  close(): void {
    this.host.endpoints.delete(this);
    this.#network.forget(this.id);
    this.#resolveClosed("it was closed");
  }
}

/** All hosts and one signaling server. */
export class Network {
  /** Dials that have been made, those that failed included. */
  dials = 0;
  readonly #random: () => number;
  readonly #endpoints = new Map<string, SimulatedEndpoint>();
  #up = true;
  readonly #offers = new Map<string, { host: Host; resolve(link: RawLink): void }>();

  constructor(random: () => number) {
    this.#random = random;
  }

  host(): Host {
    return new Host(this.#random);
  }

  /** The signaling server as a host sees it. */
  transport(host: Host): Transport {
    return {
      open: async (id, { signal }) => {
        signal.throwIfAborted();
        await unlessAborted(wait(2 * (host.accessMs + SERVER_MS)), signal);
        if (!host.alive || !this.#up)
          throw new MicrogridError("signaling-unreachable", "The signaling server does not answer.");
        if (this.#endpoints.has(id)) return "taken";
        const endpoint = new SimulatedEndpoint(id, host, this);
        this.#endpoints.set(id, endpoint);
        return endpoint;
      },
    };
  }

  /** Lines made by hand, with numbers in the place of session descriptions, as long as those are. */
  hand(host: Host): HandDialer {
    return {
      offer: async () => {
        const text = `${this.#offers.size}`.padEnd(1_200);
        const link = new Promise<RawLink>((resolve) => this.#offers.set(text, { host, resolve }));
        return { text, accept: () => link, cancel: () => void this.#offers.delete(text) };
      },
      answer: async (text) => {
        const offer = this.#offers.get(text);
        if (!offer) throw new MicrogridError("peer-lost", "This offer is not open any more.");
        const link = new Promise<RawLink>((resolve, reject) => {
          this.connect(offer.host, host, resolve, 8_000).then((near) => offer.resolve(near), reject);
        });
        return { text: "answer".padEnd(1_200), link, cancel: () => undefined };
      },
    };
  }

  /** The signaling server dies: nobody can register or dial any more. */
  stopServer(): void {
    this.#up = false;
    for (const endpoint of [...this.#endpoints.values()]) endpoint.close();
  }

  /** A machine loses power: nothing leaves or enters it any more, and nobody is told. */
  unplug(host: Host): void {
    host.alive = false;
    setTimeout(() => {
      for (const endpoint of [...host.endpoints]) endpoint.close();
    }, ALIVE_TIMEOUT_MS);
  }

  /** The endpoint of an id, where the server knows one and both hosts see the server. */
  reach(from: Host, id: string): SimulatedEndpoint | undefined {
    this.dials++;
    const endpoint = this.#endpoints.get(id);
    return endpoint && reaches(from, endpoint.host) ? endpoint : undefined;
  }

  /** The host that is registered under an id, if one is. */
  holder(id: string): Host | undefined {
    return this.#endpoints.get(id)?.host;
  }

  forget(id: string): void {
    this.#endpoints.delete(id);
  }

  /** Brings a line up. Throws `peer-lost` after `timeoutMs` where the two cannot reach each other. */
  async connect(from: Host, to: Host, arrived: (link: RawLink) => void, timeoutMs: number): Promise<RawLink> {
    await wait(SETUP_ROUND_TRIPS * 2 * (from.accessMs + to.accessMs));
    if (!reaches(from, to)) {
      await wait(timeoutMs);
      throw new MicrogridError("peer-lost", "A device could not be reached.");
    }
    const [near, far] = SimulatedLink.pair(from, to, this.#random);
    setTimeout(() => arrived(far), from.accessMs + to.accessMs);
    return near;
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
