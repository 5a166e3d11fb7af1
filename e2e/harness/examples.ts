/** The npm package as others get it: packed, installed into copies of `examples/` outside of this repository, and built there. */
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, execute } from "../../scripts/run/spawn.mjs";
import { serveFolder, type WebServer } from "./servers";

/** Parts of npm's message if its registry cannot be reached. */
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED/;
/** Vite, where another test has built something in this process, leaves a value by which npm would omit half of the packages. */
const env = { NODE_ENV: undefined };
const PACKAGES_FOLDERS = new Set(["node_modules", "dist"]);

/** The examples with the packed package installed. */
export class Examples {
  readonly #folder: string;
  #server: WebServer | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Packs, copies and installs. Undefined if npm's registry cannot be reached. */
  static async install(): Promise<Examples | undefined> {
    const folder = await mkdtemp(join(tmpdir(), "microgrid-examples-"));
    const examples = new Examples(folder);
    await cp(join(ROOT, "examples"), folder, {
      recursive: true,
      filter: (source) => !PACKAGES_FOLDERS.has(source.split(/[/\\]/).at(-1) ?? ""),
    });
    await mustRun("npm", ["pack", "--pack-destination", folder], ROOT);
    const archive = (await readdir(folder)).find((name) => name.endsWith(".tgz"))!;
    // In the repository, they use the package in place.
    for (const name of await examples.names()) {
      const path = join(folder, name, "package.json");
      const text = await readFile(path, "utf8");
      await writeFile(path, text.replace('"microgrid": "file:../.."', `"microgrid": "file:../${archive}"`));
    }
    const args = ["install", "--prefer-offline", "--no-audit", "--no-fund"];
    const { code, output } = await execute("npm", args, { cwd: folder, quiet: true, env });
    if (code === 0) return examples;
    await examples.close();
    if (UNREACHABLE.test(output)) return undefined;
    throw new Error(`The examples cannot be installed:\n${output}`);
  }

  /** The folders of the examples. */
  async names(): Promise<string[]> {
    const { workspaces } = JSON.parse(await readFile(join(this.#folder, "package.json"), "utf8")) as {
      workspaces: string[];
    };
    return workspaces;
  }

  /** Builds an example, if it needs that, and returns the URL of its page. */
  async open(name: string): Promise<string> {
    const folder = join(this.#folder, name);
    const { scripts } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
      scripts?: { build?: string };
    };
    if (scripts?.build !== undefined) await mustRun("npm", ["run", "build"], folder);
    this.#server ??= await serveFolder(this.#folder, { index: "index.html" });
    const built = scripts?.build?.includes("vite") ? "dist/" : "";
    return `${this.#server.url}${name}/${built}index.html`;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function mustRun(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await execute(command, args, { cwd, quiet: true, env });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${output}`);
}
