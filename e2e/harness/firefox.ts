/** Drives stock Firefox over WebDriver BiDi, because Playwright itself drives only its own builds. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { findFirefox } from "../../scripts/setup/firefox.mjs";

/** Keeps Firefox off the internet, and lets browsers connect on one machine, as `browsers.ts` does. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.enabled": false,
};

interface Reply {
  readonly id?: number;
  readonly error?: string;
  readonly message?: string;
  readonly result?: unknown;
}

interface ScriptResult {
  readonly type: "success" | "exception";
  readonly result?: { readonly value?: string };
  readonly exceptionDetails?: { readonly text: string };
}

/** Whether tests with Firefox can run here. */
export function hasFirefox(): boolean {
  return findFirefox() !== undefined;
}

/** A Firefox process with a profile of its own and one page. */
export class Firefox {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #socket: WebSocket | undefined;
  #context = "";
  #calls = 0;

  private constructor(process: ChildProcess, profile: string) {
    this.#process = process;
    this.#profile = profile;
  }

  /** Starts Firefox and opens `url` in it. */
  static async open(url: string): Promise<Firefox> {
    const program = findFirefox();
    if (program === undefined) throw new Error("Firefox is not installed (Debian: apt-get install firefox-esr).");
    const profile = mkdtempSync(join(tmpdir(), "microgrid-firefox-"));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${value});\n`);
    writeFileSync(join(profile, "user.js"), lines.join(""));
    const options = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0", "about:blank"];
    const firefox = new Firefox(spawn(program, options, { stdio: ["ignore", "ignore", "pipe"] }), profile);
    try {
      await firefox.#connect();
      await firefox.#send("browsingContext.navigate", { context: firefox.#context, url, wait: "complete" });
    } catch (error) {
      await firefox.close();
      throw error;
    }
    return firefox;
  }

  /** Runs a function in the page. Arguments and results travel as JSON; the page's policy does not stop it. */
  async evaluate<T, A = undefined>(run: (argument: A) => T | Promise<T>, argument?: A): Promise<T> {
    const outcome = (await this.#send("script.callFunction", {
      functionDeclaration: `async (json) => JSON.stringify({ value: await (${run.toString()})(JSON.parse(json).value) })`,
      arguments: [{ type: "string", value: JSON.stringify({ value: argument }) }],
      target: { context: this.#context },
      awaitPromise: true,
    })) as ScriptResult;
    if (outcome.type === "exception") throw new Error(`In Firefox: ${outcome.exceptionDetails?.text}`);
    return (JSON.parse(outcome.result?.value ?? "{}") as { value: T }).value;
  }

  async close(): Promise<void> {
    this.#socket?.terminate();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await exited;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #connect(): Promise<void> {
    this.#socket = new WebSocket(`${await this.#address()}/session`);
    this.#socket.on("message", (data: Buffer) => {
      const reply = JSON.parse(data.toString()) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
    await once(this.#socket, "open");
    await this.#send("session.new", { capabilities: {} });
    const tree = (await this.#send("browsingContext.getTree")) as { contexts: { context: string }[] };
    this.#context = tree.contexts[0]!.context;
  }

  /** The address at which Firefox listens, from its output. */
  #address(): Promise<string> {
    return new Promise((resolve, reject) => {
      // Read to the end, so that Firefox never waits for a reader.
      createInterface(this.#process.stderr!).on("line", (line) => {
        const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
        if (address !== undefined) resolve(address);
      });
      this.#process.once("error", reject);
      this.#process.once("exit", () => reject(new Error("Firefox ended before it could be driven.")));
    });
  }

  #send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ error, message, result }) => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(`Firefox refused ${method}: ${error}: ${message}`));
      });
      this.#socket!.send(JSON.stringify({ id, method, params }));
    });
  }
}
