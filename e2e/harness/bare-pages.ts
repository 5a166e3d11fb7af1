/** Bare pages, for specs that need the code but not the app: the folders of `e2e/` that have an `index.html`. */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { sourceHash } from "../../scripts/build/fresh.mjs";
import { sourcePlugins } from "../../scripts/vite-sources";
import { type MadeFiles, serveFolder, type WebServer } from "./servers";

const E2E = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(E2E, "..");
/** Holds one build, in a folder named after the sources that it was made from. */
const BUILDS = join(ROOT, ".cache", "bare-pages");
const HASH = /^[0-9a-f]{32}$/;

let built: Promise<string> | undefined;

export interface BarePageOptions {
  /** Files beside the page, by path, such as `/blank.html`. Text that begins with `=` names another file of the site. */
  readonly made?: MadeFiles;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves a bare page, such as `room-page`, at the root of an origin of its own. */
export async function serveBarePage(name: string, options: BarePageOptions = {}): Promise<WebServer> {
  return serveFolder(await barePages(), { ...options, index: `${name}/index.html` });
}

/** The folder of the built bare pages. */
export function barePages(): Promise<string> {
  return (built ??= builtPages());
}

/** Builds all bare pages at once, unless an earlier run has built them from the same sources. Returns the folder. */
async function builtPages(): Promise<string> {
  const pages = pageFolders();
  const folder = join(BUILDS, hashOf(pages));
  if (existsSync(folder)) return folder;
  // Several workers may build at the same time. The first to finish gives its build the final name.
  const outDir = join(BUILDS, randomUUID());
  await mkdir(BUILDS, { recursive: true });
  await build({
    root: E2E,
    configFile: false,
    base: "./",
    logLevel: "error",
    publicDir: join(ROOT, "public"),
    plugins: sourcePlugins(),
    worker: { format: "es", plugins: sourcePlugins },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 10_000,
      reportCompressedSize: false,
      rolldownOptions: { input: pages.map((name) => join(E2E, name, "index.html")) },
    },
  });
  await rename(outDir, folder).catch(() => rm(outDir, { recursive: true, force: true }));
  const outdated = readdirSync(BUILDS).filter((name) => HASH.test(name) && join(BUILDS, name) !== folder);
  await Promise.all(outdated.map((name) => rm(join(BUILDS, name), { recursive: true, force: true })));
  return folder;
}

function pageFolders(): string[] {
  return readdirSync(E2E).filter((name) => existsSync(join(E2E, name, "index.html")));
}

/** Changes with everything that the bare pages are made from. */
function hashOf(pages: readonly string[]): string {
  const hash = createHash("sha256").update(sourceHash(ROOT));
  const files = pages.flatMap((name) =>
    readdirSync(join(E2E, name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const path of [...files, join(E2E, "bare-node.ts"), fileURLToPath(import.meta.url)].sort()) {
    hash.update(relative(E2E, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}
