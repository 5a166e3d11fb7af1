/** `npm test`: everything, on a machine with nothing but Node; the last line counts what passed and failed. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { downloadGguf } from "./real-models/download.mjs";
import { downloadMinilm } from "./real-models/minilm.mjs";
import { CommandError, run } from "./run/message.mjs";
import { execute, executeTool, ROOT } from "./run/spawn.mjs";
import { playwrightTimes, rememberDuration, slowest, timesOf, vitestTimes } from "./run/slowest.mjs";
import { playwrightTally, summary, tallyOf, vitestTally } from "./run/tally.mjs";
import { ensureBrowser } from "./setup/browser.mjs";
import { ensureCoturn } from "./setup/coturn.mjs";
import { ensureFirefox } from "./setup/firefox.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/** @typedef {import("./run/tally.mjs").Tally} Tally */

const CACHE = join(ROOT, ".cache");
const REPORTS = join(CACHE, "reports");
const UNIT_REPORT = join(REPORTS, "unit.json");
const BROWSER_REPORT = join(REPORTS, "browser.json");

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

/** Brings real weights here, for some tests of both kinds. */
async function realWeights() {
  try {
    await downloadGguf("smollm2-135m");
    await downloadMinilm();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.log(`${error.message} The tests with real weights are skipped.`);
  }
}

/** @returns {Promise<Tally>} */
async function unitTests() {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${UNIT_REPORT}`];
  const { code } = await executeTool("vitest/vitest.mjs", ["run", ...reporters]);
  return tallyOf(code, UNIT_REPORT, vitestTally);
}

/** @returns {Promise<Tally>} */
async function browserTests() {
  const browser = await ensureBrowser().catch((error) => {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    return undefined;
  });
  if (!browser) return { passed: 0, failed: 1, skipped: 0 };
  const coturn = await ensureCoturn();
  if (!coturn)
    console.log("No coturn here, so the tests over bad networks are skipped (Debian: apt-get install coturn).");
  const firefox = await ensureFirefox();
  if (!firefox) console.log("No Firefox here, so its tests are skipped (Debian: apt-get install firefox-esr).");
  const { code } = await executeTool("@playwright/test/cli.js", ["test"], {
    env: {
      MICROGRID_CHROMIUM: browser,
      MICROGRID_TURNSERVER: coturn,
      MICROGRID_FIREFOX: firefox,
      MICROGRID_REPORT: BROWSER_REPORT,
    },
  });
  return tallyOf(code, BROWSER_REPORT, playwrightTally);
}

/**
 * The steps that look at the code only, one after the other.
 * @returns {Promise<Tally[]>}
 */
async function staticSteps() {
  const node = process.execPath;
  return [
    await step("types", () => execute(node, ["scripts/typecheck.mjs"], { quiet: true })),
    await step("lint", () => execute(node, ["scripts/lint.mjs"], { quiet: true })),
    await step("build", () => execute(node, ["scripts/build.mjs"], { quiet: true })),
  ];
}

await run(async () => {
  const started = performance.now();
  await ensureInstalled();
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  await realWeights();
  // Side by side, so that no core waits for the other.
  const [steps, unit] = await Promise.all([staticSteps(), unitTests()]);
  const tallies = [...steps, unit];
  if (steps.at(-1)?.failed === 0) tallies.push(await browserTests());
  const times = [...timesOf(UNIT_REPORT, vitestTimes), ...timesOf(BROWSER_REPORT, playwrightTimes)];
  console.log(`\nThe slowest tests:\n${slowest(times)}\n`);
  rememberDuration(join(CACHE, "durations.json"), "test", performance.now() - started);
  console.log(summary(tallies));
  process.exitCode = tallies.some(({ failed }) => failed > 0) ? 1 : 0;
});
