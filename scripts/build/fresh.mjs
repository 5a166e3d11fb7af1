/** Says whether `dist/` is what the sources of now would give, by a hash over their content. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../run/spawn.mjs";
import { COPIES } from "../serve/compression.mjs";

/** The files and folders that a build reads. */
const SOURCES = ["index.html", "src", "workers", "public", "scripts", "docs", "vite.config.ts", "tsconfig.base.json"];
const SOURCE_FILES = ["tsconfig.json", "package.json", "package-lock.json", "LICENSE"];
const STAMP = join(ROOT, ".cache", "build.json");

/** @returns {string} a hash over the content of everything that the build reads, tests left out */
export function sourceHash(root = ROOT) {
  const hash = createHash("sha256");
  for (const path of [...SOURCES, ...SOURCE_FILES].flatMap((entry) => filesUnder(root, entry)).sort()) {
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(root, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

/** @param {string} outDir */
export function isBuilt(outDir, hash = sourceHash()) {
  return existsSync(join(outDir, "index.html")) && readStamp() === `${outDir} ${hash}`;
}

/**
 * Remembers what `outDir` was built from.
 * @param {string} outDir
 * @param {string} hash
 */
export function rememberBuild(outDir, hash) {
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, JSON.stringify(`${outDir} ${hash}`));
}

/** Forgets the last build and its compressed copies, before the next one begins to overwrite it. */
export function forgetBuild() {
  rmSync(COPIES, { recursive: true, force: true });
  if (existsSync(STAMP)) writeFileSync(STAMP, JSON.stringify(""));
}

/** @returns {unknown} */
function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} root
 * @param {string} entry A file or folder, relative to `root`; what is not there is no file.
 * @returns {string[]}
 */
function filesUnder(root, entry) {
  const path = join(root, entry);
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((child) => {
      const name = `${entry}/${child.name}`;
      if (child.isDirectory()) return child.name === "guide-model" ? [] : filesUnder(root, name);
      return /\.test\.\w+$/.test(name) ? [] : [name];
    });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOTDIR") return [entry];
    throw error;
  }
}
