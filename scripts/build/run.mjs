/** Builds the site and the embeddable bundle, and prints their sizes. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "vite";
import { CommandError } from "../run/message.mjs";
import { ROOT } from "../run/spawn.mjs";
import {
  ELEMENT_BUDGET_BYTES,
  FIRST_PAINT_BUDGET_BYTES,
  filesNamedIn,
  firstPaintFiles,
  kilobytes,
  measure,
  table,
} from "./budget.mjs";
import { forgetBuild, isBuilt, rememberBuild, sourceHash } from "./fresh.mjs";

/** The build's modes in `vite.config.ts`, in order. */
const MODES = ["production", "embed", "site-worker"];

/** How long plugins take says more about the machine than about the site. */
const QUIET = { rolldownOptions: { checks: { pluginTimings: false } } };
/** How long a build takes on two cores; said before it begins. */
const USUAL_SECONDS = 10;

/**
 * @param {{ outDir?: string, force?: boolean, brief?: boolean }} [options] `force` builds even where `outDir` is up to
 *   date; `brief` prints one line instead of every file's size.
 * @returns {Promise<void>} Rejects with a `CommandError` where a build fails or the page outgrew its budget.
 */
export async function buildAll({ outDir = join(ROOT, "dist"), force = false, brief = false } = {}) {
  const hash = sourceHash();
  if (!force && isBuilt(outDir, hash)) return;
  forgetBuild();
  if (brief) console.log(`Building the site (once; about ${USUAL_SECONDS} s)…`);
  await buildModes({ outDir, id: hash, logLevel: brief ? "error" : "warn" });
  const starts = startSizes(outDir);
  if (!brief) report(outDir, starts);
  for (const start of starts) holdToBudget(start);
  rememberBuild(outDir, hash);
}

/**
 * Builds everything into `outDir` as the build `id`, and nothing more: no sizes, no budgets.
 * @param {{ outDir: string, id: string, logLevel: "warn" | "error" }} options
 * @returns {Promise<void>} Rejects with a `CommandError` where a build fails.
 */
export async function buildModes({ outDir, id, logLevel }) {
  process.env["MICROGRID_OUT_DIR"] = outDir;
  process.env["MICROGRID_BUILD"] = id;
  for (const mode of MODES) {
    try {
      await build({
        root: ROOT,
        configFile: join(ROOT, "vite.config.ts"),
        mode,
        logLevel,
        build: QUIET,
        worker: QUIET,
      });
    } catch (error) {
      throw new CommandError(`The ${mode} build failed. ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** @typedef {{ what: string, budget: number, sizes: readonly import("./budget.mjs").FileSize[] }} Start */

/**
 * Sizes of all that the page and the element need before they show. Removes the manifests, which tell it and serve
 * nobody else.
 * @param {string} outDir
 * @returns {Start[]}
 */
function startSizes(outDir) {
  const named = filesNamedIn(readFileSync(join(outDir, "index.html"), "utf8"));
  const page = [...new Set([...startFiles(outDir, "index.html"), ...named])];
  const element = startFiles(join(outDir, "embed"), "src/embed/index.ts").map((file) => `embed/${file}`);
  const sizes = (/** @type {string[]} */ files) => files.map((file) => measure(outDir, file));
  return [
    { what: "The page", budget: FIRST_PAINT_BUDGET_BYTES, sizes: sizes(page) },
    { what: "The element", budget: ELEMENT_BUDGET_BYTES, sizes: sizes(element) },
  ];
}

/**
 * @param {string} folder A build with its manifest.
 * @param {string} entry
 */
function startFiles(folder, entry) {
  const manifestFolder = join(folder, ".vite");
  const manifest = /** @type {import("./budget.mjs").Manifest} */ (
    JSON.parse(readFileSync(join(manifestFolder, "manifest.json"), "utf8"))
  );
  rmSync(manifestFolder, { recursive: true, force: true });
  return firstPaintFiles(manifest, entry);
}

/**
 * Prints the size of every file.
 * @param {string} outDir
 * @param {readonly Start[]} starts
 */
function report(outDir, starts) {
  for (const { what, budget, sizes } of starts) {
    console.log(`\n${what} before it shows: ${kilobytes(compressedTotal(sizes))} of ${kilobytes(budget)} compressed`);
    console.log(table(sizes));
  }
  const firstNames = new Set(starts.flatMap(({ sizes }) => sizes.map(({ file }) => file)));
  const later = codeFiles(outDir).filter((file) => !firstNames.has(file));
  console.log("Loaded when needed");
  console.log(table(later.map((file) => measure(outDir, file))) + "\n");
}

/**
 * Throws a `CommandError` where something needs more than it may before it shows.
 * @param {Start} start
 */
function holdToBudget({ what, budget, sizes }) {
  const total = compressedTotal(sizes);
  if (total <= budget) return;
  throw new CommandError(
    `${what} needs ${kilobytes(total)} before it shows, more than its budget of ${kilobytes(budget)}. ` +
      "Import what is not needed at once with import().",
  );
}

/** @param {readonly import("./budget.mjs").FileSize[]} sizes */
function compressedTotal(sizes) {
  return sizes.reduce((sum, { compressedBytes }) => sum + compressedBytes, 0);
}

/**
 * All JavaScript, style sheets and wasm files under `outDir`.
 * @param {string} outDir
 */
function codeFiles(outDir) {
  return readdirSync(outDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(m?js|css|wasm)$/.test(entry.name))
    .map((entry) => relative(outDir, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}
