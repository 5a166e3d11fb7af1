/** A signaling server in its own process, so that a test can kill it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../scripts/signal.mjs", import.meta.url));

/** The real `npm run signal`, on a port of its own. */
export class Signaling {
  /** The port stays the same over `kill` and `restart`. */
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** Starts a server on a free port. */
  static async start(): Promise<Signaling> {
    const { process, port } = await launch(0);
    return new Signaling(process, port);
  }

  /** Kills the server, as a crash would. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (!process) return;
    const exited = once(process, "exit");
    process.kill("SIGKILL");
    await exited;
  }

  /** Starts a new, empty server on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = (await launch(this.port)).process;
  }
}

async function launch(wantedPort: number): Promise<{ process: ChildProcess; port: number }> {
  // Pages that embed the element are served from another host, on ports of their own.
  const env = { ...process.env, SIGNAL_PORT: String(wantedPort), HOST: "localhost", SIGNAL_ORIGINS: "*" };
  const child = spawn(process.execPath, [SCRIPT], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  return new Promise((resolve, reject) => {
    const read = (data: Buffer): void => {
      output += data.toString();
      const port = /ready at http:\/\/localhost:(\d+)/.exec(output)?.[1];
      if (port) resolve({ process: child, port: Number(port) });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", () => reject(new Error(`The signaling server did not start: ${output}`)));
  });
}
