/** The list of a built site's files, which its Service Worker is built with. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Plugin } from "vite";

const MODULE = "virtual:site-files";
const RESOLVED = `\0${MODULE}`;

/**
 * Not part of what the worker keeps: the embeddable bundle, models (the page's own store has them), the screenshots that
 * browsers show before an installation, settings, itself.
 */
const OUTSIDE = /^(?:embed[/-]|models\/|screenshots\/|\.|microgrid\.config\.json$|site-worker\.js$)/;
/** Engines, the reader for PDFs and the help: large, or needed by few. */
const LATER = /^assets\/(?:ort[.-]|webllm-|wllama-|gguf|pdf)|^help\/|\.(?:wasm|bcmap)$/;

/** Serves `virtual:site-files` for the site that was built into `folder` before. */
export function siteFiles(folder: string, build: string): Plugin {
  return {
    name: "microgrid-site-files",
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    load(id) {
      if (id !== RESOLVED) return undefined;
      const manifest = JSON.parse(readFileSync(join(folder, ".vite/manifest.json"), "utf8")) as Manifest;
      const files = { build, entry: manifest["index.html"].file, ...sorted(filesIn(folder)) };
      return `export const files = ${JSON.stringify(files)};`;
    },
  };
}

interface Manifest {
  readonly "index.html": { readonly file: string };
}

/** Files that every page needs, and those that are kept when they are used. The page itself is the empty path. */
export function sorted(paths: readonly string[]): { readonly first: string[]; readonly later: string[] } {
  const inside = paths.filter((path) => !OUTSIDE.test(path)).map((path) => (path === "index.html" ? "" : path));
  return { first: inside.filter((path) => !LATER.test(path)), later: inside.filter((path) => LATER.test(path)) };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}
