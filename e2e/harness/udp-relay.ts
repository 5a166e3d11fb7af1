/** A relay for UDP packets that makes a network worse: delay, jitter, loss, a limited rate, and silence. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";

const LOOPBACK = "127.0.0.1";
/** Packets that wait longer than this for the limited rate are dropped, as a router does, ms. */
const QUEUE_MAX_MS = 200;

/** How bad the network is, each way. */
export interface Conditions {
  /** Added to every packet, ms. */
  readonly delayMs: number;
  /** Added at random on top, from 0 to this, ms. It reorders packets. */
  readonly jitterMs: number;
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number;
  /** Limit, bytes per second; Infinity for none. Packets queue up to 200 ms, then they are lost. */
  readonly bytesPerSecond: number;
}

const PERFECT: Conditions = { delayMs: 0, jitterMs: 0, loss: 0, bytesPerSecond: Infinity };

/** The state of one direction, to keep within the rate. */
interface Direction {
  /** When the last packet left the queue, in ms of `performance.now()`. */
  freeAtMs: number;
}

/** Sits in front of one UDP server; each client address gets its own socket to it. */
export class UdpRelay {
  readonly #front: Socket;
  readonly #targetPort: number;
  readonly #backs = new Map<string, Socket>();
  readonly #up: Direction = { freeAtMs: 0 };
  readonly #down: Direction = { freeAtMs: 0 };
  readonly #timers = new Set<NodeJS.Timeout>();
  #conditions: Conditions = PERFECT;
  #cut = false;
  #closed = false;

  private constructor(front: Socket, targetPort: number) {
    this.#front = front;
    this.#targetPort = targetPort;
    front.on("message", (packet, client) => this.#toTarget(packet, client));
  }

  /** Starts a relay on a free port before the server at `targetPort` of this machine. */
  static async start(targetPort: number, conditions: Partial<Conditions> = {}): Promise<UdpRelay> {
    const front = createSocket("udp4");
    await new Promise<void>((resolve) => front.bind(0, LOOPBACK, resolve));
    const relay = new UdpRelay(front, targetPort);
    relay.set(conditions);
    return relay;
  }

  /** The port to which clients send. */
  get port(): number {
    return this.#front.address().port;
  }

  /** Changes the conditions for packets from now on; omitted ones stay. */
  set(conditions: Partial<Conditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** Drops every packet from now on, including those on their way. */
  cut(): void {
    this.#cut = true;
  }

  /** Ends the silence that `cut` began. */
  restore(): void {
    this.#cut = false;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of [this.#front, ...this.#backs.values()]) socket.close();
  }

  #toTarget(packet: Buffer, client: RemoteInfo): void {
    const back = this.#backFor(client);
    this.#carry(this.#up, packet, () => back.send(packet, this.#targetPort, LOOPBACK));
  }

  #backFor(client: RemoteInfo): Socket {
    const key = `${client.address}:${client.port}`;
    const known = this.#backs.get(key);
    if (known) return known;
    const back = createSocket("udp4");
    // Errors mean that the target is gone, which a real network would not report.
    back.on("error", () => undefined);
    back.on("message", (packet) =>
      this.#carry(this.#down, packet, () => this.#front.send(packet, client.port, client.address)),
    );
    this.#backs.set(key, back);
    return back;
  }

  #carry(direction: Direction, packet: Buffer, send: () => void): void {
    const { delayMs, jitterMs, loss, bytesPerSecond } = this.#conditions;
    if (this.#cut || Math.random() < loss) return;
    const now = performance.now();
    const startMs = Math.max(now, direction.freeAtMs);
    if (startMs - now > QUEUE_MAX_MS) return;
    direction.freeAtMs = startMs + (packet.length / bytesPerSecond) * 1000;
    const waitMs = direction.freeAtMs - now + delayMs + Math.random() * jitterMs;
    if (waitMs < 1) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#cut && !this.#closed) send();
    }, waitMs);
    this.#timers.add(timer);
  }
}
