/** Builds the site and the embeddable bundle, and prints their sizes. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "vite";
import { CommandError } from "../run/message.mjs";
import { ROOT } from "../run/spawn.mjs";
import { FIRST_PAINT_BUDGET_BYTES, filesNamedIn, firstPaintFiles, kilobytes, measure, table } from "./budget.mjs";
import { forgetBuild, isBuilt, rememberBuild, sourceHash } from "./fresh.mjs";

/** The build's modes in `vite.config.ts`, in order. */
const MODES = ["production", "embed"];

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
  process.env["MICROGRID_OUT_DIR"] = outDir;
  process.env["MICROGRID_BUILD"] = hash;
  for (const mode of MODES) {
    try {
      await build({
        root: ROOT,
        configFile: join(ROOT, "vite.config.ts"),
        mode,
        logLevel: brief ? "error" : "warn",
        build: QUIET,
        worker: QUIET,
      });
    } catch (error) {
      throw new CommandError(`The ${mode} build failed. ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const first = firstPaintSizes(outDir);
  if (!brief) report(outDir, first);
  holdToBudget(first);
  rememberBuild(outDir, hash);
}

/**
 * Sizes of all that the page needs before its first paint. Removes the manifests, which tell it and serve nobody else.
 * @param {string} outDir
 * @returns {import("./budget.mjs").FileSize[]}
 */
function firstPaintSizes(outDir) {
  const manifestFolder = join(outDir, ".vite");
  const manifest = /** @type {import("./budget.mjs").Manifest} */ (
    JSON.parse(readFileSync(join(manifestFolder, "manifest.json"), "utf8"))
  );
  for (const folder of [manifestFolder, join(outDir, "embed", ".vite")])
    rmSync(folder, { recursive: true, force: true });
  const named = filesNamedIn(readFileSync(join(outDir, "index.html"), "utf8"));
  return [...new Set([...firstPaintFiles(manifest, "index.html"), ...named])].map((file) => measure(outDir, file));
}

/**
 * Prints the size of every file.
 * @param {string} outDir
 * @param {readonly import("./budget.mjs").FileSize[]} first
 */
function report(outDir, first) {
  const firstNames = new Set(first.map(({ file }) => file));
  const later = codeFiles(outDir).filter((file) => !firstNames.has(file));
  const budget = kilobytes(FIRST_PAINT_BUDGET_BYTES);
  console.log(`\nBefore the first paint: ${kilobytes(compressedTotal(first))} of ${budget} compressed`);
  console.log(table(first));
  console.log("Loaded when needed");
  console.log(table(later.map((file) => measure(outDir, file))) + "\n");
}

/**
 * Throws a `CommandError` where the page needs more than it may before its first paint.
 * @param {readonly import("./budget.mjs").FileSize[]} first
 */
function holdToBudget(first) {
  const total = compressedTotal(first);
  if (total <= FIRST_PAINT_BUDGET_BYTES) return;
  throw new CommandError(
    `The page needs ${kilobytes(total)} before its first paint, more than its budget of ` +
      `${kilobytes(FIRST_PAINT_BUDGET_BYTES)}. Import what is not needed at once with import().`,
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
