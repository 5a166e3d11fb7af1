/** Builds the site, the embeddable bundle and the service worker, and prints what they weigh. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "vite";
import { CommandError } from "../run/message.mjs";
import { ROOT } from "../run/spawn.mjs";
import { FIRST_PAINT_BUDGET_BYTES, filesNamedIn, firstPaintFiles, kilobytes, measure, table } from "./budget.mjs";
import { forgetBuild, isBuilt, rememberBuild, sourceHash } from "./fresh.mjs";

/** The build's modes in `vite.config.ts`, in order, each with the source that it starts from. */
const MODES = [
  { mode: "production", entry: "index.html" },
  { mode: "embed", entry: "src/embed/index.ts" },
  { mode: "service-worker", entry: "workers/service.ts" },
];

/**
 * @param {{ outDir?: string, force?: boolean }} [options] `force` builds even where `outDir` is up to date.
 * @returns {Promise<void>} Rejects with a `CommandError` where a build fails or the page outgrew its budget.
 */
export async function buildAll({ outDir = join(ROOT, "dist"), force = false } = {}) {
  const hash = sourceHash();
  if (!force && isBuilt(outDir, hash)) return;
  forgetBuild();
  process.env["MICROGRID_OUT_DIR"] = outDir;
  for (const { mode, entry } of MODES) {
    if (!existsSync(join(ROOT, entry))) continue;
    try {
      await build({ root: ROOT, configFile: join(ROOT, "vite.config.ts"), mode, logLevel: "warn" });
    } catch (error) {
      throw new CommandError(`The build of ${entry} failed. ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  report(outDir);
  rememberBuild(outDir, hash);
}

/**
 * Prints the sizes and enforces the budget.
 * @param {string} outDir
 */
function report(outDir) {
  const manifestFolder = join(outDir, ".vite");
  const manifest = /** @type {import("./budget.mjs").Manifest} */ (
    JSON.parse(readFileSync(join(manifestFolder, "manifest.json"), "utf8"))
  );
  for (const folder of [manifestFolder, join(outDir, "embed", ".vite")])
    rmSync(folder, { recursive: true, force: true });
  const named = filesNamedIn(readFileSync(join(outDir, "index.html"), "utf8"));
  const first = [...new Set([...firstPaintFiles(manifest, "index.html"), ...named])].map((file) =>
    measure(outDir, file),
  );
  const firstNames = new Set(first.map(({ file }) => file));
  const later = codeFiles(outDir).filter((file) => !firstNames.has(file));
  const total = first.reduce((sum, { compressedBytes }) => sum + compressedBytes, 0);
  console.log(`\nBefore the first paint: ${kilobytes(total)} of ${kilobytes(FIRST_PAINT_BUDGET_BYTES)} compressed`);
  console.log(table(first));
  console.log("Loaded when needed");
  console.log(table(later.map((file) => measure(outDir, file))) + "\n");
  if (total > FIRST_PAINT_BUDGET_BYTES) {
    throw new CommandError(
      `The page needs ${kilobytes(total)} before its first paint, more than its budget of ` +
        `${kilobytes(FIRST_PAINT_BUDGET_BYTES)}. Import what is not needed at once with import().`,
    );
  }
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
