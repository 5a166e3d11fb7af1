/** `npm test`: everything, on a machine with nothing but Node; the last line counts what passed and failed. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CommandError, run } from "./run/message.mjs";
import { execute, executeTool, ROOT } from "./run/spawn.mjs";
import { playwrightTally, summary, tallyOf, vitestTally } from "./run/tally.mjs";
import { ensureBrowser } from "./setup/browser.mjs";
import { ensureCoturn } from "./setup/coturn.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/** @typedef {import("./run/tally.mjs").Tally} Tally */

const REPORTS = join(ROOT, ".cache", "reports");

/**
 * A step that either works or counts as one failure; where it works it is no test, so it counts nothing.
 * @param {string} name
 * @param {() => Promise<{ code: number, output: string }>} action
 * @returns {Promise<Tally>}
 */
async function step(name, action) {
  const { code, output } = await action();
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name}`);
  if (code !== 0) console.log(output.trim());
  return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** @returns {Promise<Tally>} */
async function unitTests() {
  const report = join(REPORTS, "unit.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await executeTool("vitest/vitest.mjs", ["run", ...reporters]);
  return tallyOf(code, report, vitestTally);
}

/** @returns {Promise<Tally>} */
async function browserTests() {
  const report = join(REPORTS, "browser.json");
  const browser = await ensureBrowser().catch((error) => {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    return undefined;
  });
  if (!browser) return { passed: 0, failed: 1, skipped: 0 };
  const coturn = await ensureCoturn();
  if (!coturn)
    console.log("No coturn here, so the tests over bad networks are skipped (Debian: apt-get install coturn).");
  const { code } = await executeTool("@playwright/test/cli.js", ["test"], {
    env: { MICROGRID_CHROMIUM: browser, MICROGRID_TURNSERVER: coturn, MICROGRID_REPORT: report },
  });
  return tallyOf(code, report, playwrightTally);
}

await run(async () => {
  await ensureInstalled();
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const node = process.execPath;
  const tallies = await Promise.all([
    step("types", () => execute(node, ["scripts/typecheck.mjs"], { quiet: true })),
    step("lint", () => executeTool("eslint/bin/eslint.js", ["."], { quiet: true })),
  ]);
  tallies.push(await unitTests());
  const build = await step("build", () => execute(node, ["scripts/build.mjs"], { quiet: true }));
  tallies.push(build);
  if (build.failed === 0) tallies.push(await browserTests());
  console.log(summary(tallies));
  process.exitCode = tallies.some(({ failed }) => failed > 0) ? 1 : 0;
});
