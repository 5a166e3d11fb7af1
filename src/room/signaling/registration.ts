/** Keeps this node reachable: an endpoint at the best signaling server that answers, for as long as it takes. */
import { type PeerId, TypedEventTarget, randomId, sleep } from "../../core";
import type { Endpoint, RawLink, Transport } from "../../wire";
import { EARLIER_SERVER_MS, RECONNECT_MAX_MS, RECONNECT_MIN_MS } from "../constants";

/** `unreachable`: no server has answered so far. */
export type SignalingState = "connecting" | "connected" | "reconnecting" | "unreachable";

/** Being reachable under a random id at one signaling server. */
export interface Registration {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  readonly address: PeerId;
  readonly url: string;
}

interface RegistrationEvents {
  /** The state of the line to signaling changed. */
  state: SignalingState;
  /** The node is registered again, under a new address. */
  online: Registration;
  /** Somebody dialled this node. */
  link: RawLink;
}

/** The line to signaling. Losing it touches no link; it comes back by itself. */
export class SignalingRegistration extends TypedEventTarget<RegistrationEvents> {
  #servers: readonly string[];
  readonly #openTransport: (url: string) => Promise<Transport>;
  readonly #stop = new AbortController();
  #state: SignalingState = "connecting";
  #current: Registration | undefined;

  /** `servers`: URLs in the order in which they are tried. */
  constructor(servers: readonly string[], openTransport: (url: string) => Promise<Transport>) {
    super();
    this.#servers = servers;
    this.#openTransport = openTransport;
  }

  get state(): SignalingState {
    return this.#state;
  }

  get current(): Registration | undefined {
    return this.#current;
  }

  /** Goes online and stays there until `close`. Resolves after the first round over all servers. */
  async start(): Promise<void> {
    await this.#connect(this.#servers.length);
    void this.#stayOnline();
  }

  /** The room's servers have changed. Links are not touched; this node moves to the first that answers. */
  async setServers(servers: readonly string[]): Promise<void> {
    if (servers.join() === this.#servers.join()) return;
    this.#servers = servers;
    const used = this.#current && servers.indexOf(this.#current.url);
    if (used !== 0) await this.#connect(used === undefined || used < 0 ? servers.length : used);
  }

  close(): void {
    this.#stop.abort();
    this.#current?.endpoint.close();
    this.#current = undefined;
  }

  async #stayOnline(): Promise<void> {
    let wait = RECONNECT_MIN_MS;
    while (!this.#stop.signal.aborted) {
      const current = this.#current;
      if (!current) {
        this.#setState(this.#state === "connecting" || this.#state === "unreachable" ? "unreachable" : "reconnecting");
        await sleep(wait * (0.5 + Math.random()), this.#stop.signal);
        await this.#connect(this.#servers.length);
        wait = Math.min(2 * wait, RECONNECT_MAX_MS);
        continue;
      }
      wait = RECONNECT_MIN_MS;
      const earlier = this.#servers.indexOf(current.url);
      const lost = current.endpoint.closed.then(() => true);
      const look = earlier > 0 ? sleep(EARLIER_SERVER_MS, this.#stop.signal).then(() => false) : lost;
      if (await Promise.race([lost, look])) {
        // A move to an earlier server has set the new registration already.
        if (this.#current === current) this.#current = undefined;
        if (!this.#stop.signal.aborted && !this.#current) this.#setState("reconnecting");
      } else await this.#connect(earlier);
    }
  }

  /** Tries the first `count` servers in order; on success the old registration, if there is one, is given up. */
  async #connect(count: number): Promise<void> {
    for (const url of this.#servers.slice(0, count)) {
      if (this.#stop.signal.aborted) return;
      try {
        const transport = await this.#openTransport(url);
        const address = randomId(16) as PeerId;
        const endpoint = await transport.open(address, { signal: this.#stop.signal });
        if (endpoint === "taken") continue;
        endpoint.onLink = (link) => this.emit("link", link);
        const old = this.#current;
        this.#current = { transport, endpoint, address, url };
        this.#setState("connected");
        this.emit("online", this.#current);
        old?.endpoint.close();
        return;
      } catch {
        // The next server may answer; the state tells the user when none does.
      }
    }
  }

  #setState(state: SignalingState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit("state", state);
  }
}
