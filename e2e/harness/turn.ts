/** A real TURN server on this machine, with a bad network between it and each page. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createSocket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCoturn } from "../../scripts/setup/coturn.mjs";
import type { SiteConfig } from "./servers";
import { UdpRelay, type Conditions } from "./udp-relay";

const USER = "microgrid";
const PASSWORD = "for this test run only";
const READY_MAX_MS = 10_000;
/** A STUN binding request without attributes: type, length, magic cookie, transaction id. */
const STUN_REQUEST = Buffer.from("000100002112a442000000000000000000000001", "hex");

/** One page's route to the TURN server. Pass it to `openSite({ network })`. */
export interface NetworkPath {
  /** Overrides the deploy-time file for this page. */
  readonly config: Pick<SiteConfig, "iceServers" | "iceTransportPolicy">;
  /** Makes this page's network worse or better. */
  set(conditions: Partial<Conditions>): void;
  /** Takes this page off the network: no packet to or from other pages passes. */
  cut(): void;
  restore(): void;
}

/** Whether tests with bad networks can run here. */
export function hasTurn(): boolean {
  return findCoturn() !== undefined;
}

/** A coturn process and the relays before it. */
export class TurnNetwork {
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #folder: string;
  readonly #relays: UdpRelay[] = [];

  private constructor(process: ChildProcess, port: number, folder: string) {
    this.#process = process;
    this.#port = port;
    this.#folder = folder;
  }

  /** Starts coturn on a free port of the loopback; rejects if it is not installed or does not answer. */
  static async start(): Promise<TurnNetwork> {
    const program = findCoturn();
    if (!program) throw new Error("coturn is not installed (Debian: apt-get install coturn).");
    const port = await freeUdpPort();
    const folder = mkdtempSync(join(tmpdir(), "microgrid-turn-"));
    const coturn = spawn(program, coturnArguments(port, folder), { stdio: "ignore" });
    const network = new TurnNetwork(coturn, port, folder);
    await answersStun(port).catch(async (error: unknown) => {
      await network.close();
      throw error;
    });
    return network;
  }

  /** A route to the TURN server for one page. */
  async connect(conditions: Partial<Conditions> = {}): Promise<NetworkPath> {
    const relay = await UdpRelay.start(this.#port, conditions);
    this.#relays.push(relay);
    return {
      config: {
        iceServers: [{ urls: `turn:127.0.0.1:${relay.port}?transport=udp`, username: USER, credential: PASSWORD }],
        iceTransportPolicy: "relay",
      },
      set: (changed) => relay.set(changed),
      cut: () => relay.cut(),
      restore: () => relay.restore(),
    };
  }

  async close(): Promise<void> {
    for (const relay of this.#relays) relay.close();
    if (this.#process.exitCode === null) {
      const exited = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await exited;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function coturnArguments(port: number, folder: string): string[] {
  return [
    "-n", // ignore the system's configuration file
    "--listening-ip=127.0.0.1",
    "--relay-ip=127.0.0.1",
    `--listening-port=${port}`,
    "--lt-cred-mech",
    `--user=${USER}:${PASSWORD}`,
    "--realm=microgrid",
    "--allow-loopback-peers",
    "--no-tcp",
    "--no-tls",
    "--no-dtls",
    "--no-cli",
    `--db=${join(folder, "turn.db")}`,
    `--pidfile=${join(folder, "turn.pid")}`,
    `--log-file=${join(folder, "turn.log")}`,
    "--simple-log",
  ];
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** Asks until the server answers. */
async function answersStun(port: number): Promise<void> {
  const socket = createSocket("udp4");
  const ask = setInterval(() => socket.send(STUN_REQUEST, port, "127.0.0.1"), 50);
  // Until the server listens, the system reports the port as closed.
  socket.on("error", () => undefined);
  try {
    await once(socket, "message", { signal: AbortSignal.timeout(READY_MAX_MS) });
  } catch (cause) {
    throw new Error("coturn did not answer.", { cause });
  } finally {
    clearInterval(ask);
    socket.close();
  }
}
