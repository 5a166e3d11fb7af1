/** Counting test results over several runners, from the reports that they write. */
import { readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * Counts the report of `vitest --reporter=json`.
 * @param {unknown} report
 * @returns {Tally}
 */
export function vitestTally(report) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = /** @type {Record<string, number>} */ (
    report
  );
  return {
    passed: numPassedTests ?? 0,
    failed: numFailedTests ?? 0,
    skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0),
  };
}

/**
 * Counts the report of Playwright’s JSON reporter.
 * @param {unknown} report
 * @returns {Tally}
 */
export function playwrightTally(report) {
  const { stats } = /** @type {{ stats: Record<string, number> }} */ (report);
  return {
    // A flaky test passed at its second try, which only unattended runs give it.
    passed: (stats["expected"] ?? 0) + (stats["flaky"] ?? 0),
    failed: stats["unexpected"] ?? 0,
    skipped: stats["skipped"] ?? 0,
  };
}

/**
 * The tally of a runner that has ended. A runner that failed without a failed test (a file that could not be
 * loaded, no report at all) counts as one failure, so that nothing broken looks like nothing tested.
 * @param {number} code Its exit code.
 * @param {string} path Its report.
 * @param {(report: unknown) => Tally} count
 * @returns {Tally}
 */
export function tallyOf(code, path, count) {
  /** @type {Tally} */
  let tally = { passed: 0, failed: 0, skipped: 0 };
  try {
    tally = count(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return { ...tally, failed: 1 };
  }
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

/**
 * The last line of `npm test`.
 * @param {readonly Tally[]} tallies
 */
export function summary(tallies) {
  /** @param {keyof Tally} key */
  const sum = (key) => tallies.reduce((total, tally) => total + tally[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
