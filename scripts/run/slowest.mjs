/** The slowest tests over several runners, and how long a whole run took. */
import { readFileSync, writeFileSync } from "node:fs";

/** @typedef {{ name: string, ms: number }} Timed */

/**
 * The tests in what `vitest --reporter=json` wrote.
 * @param {unknown} report
 * @returns {Timed[]}
 */
export function vitestTimes(report) {
  const { testResults } =
    /** @type {{ testResults?: { assertionResults: { fullName: string, duration?: number | null }[] }[] }} */ (report);
  return (testResults ?? []).flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, duration }) => ({ name: fullName, ms: duration ?? 0 })),
  );
}

/**
 * @typedef {object} Suite
 * @property {string} title
 * @property {Suite[]} [suites]
 * @property {{ title: string, tests: { results: { duration: number }[] }[] }[]} [specs]
 */

/**
 * The tests in what Playwright's JSON reporter wrote; all tries of a test count.
 * @param {unknown} report
 * @returns {Timed[]}
 */
export function playwrightTimes(report) {
  /**
   * @param {Suite} suite
   * @param {string} path
   * @returns {Timed[]}
   */
  const timesIn = ({ title, suites = [], specs = [] }, path) => {
    const here = path === "" ? title : `${path} › ${title}`;
    const own = specs.map((spec) => ({
      name: `${here} › ${spec.title}`,
      ms: spec.tests.flatMap(({ results }) => results).reduce((sum, { duration }) => sum + duration, 0),
    }));
    return [...own, ...suites.flatMap((each) => timesIn(each, here))];
  };
  const { suites } = /** @type {{ suites?: Suite[] }} */ (report);
  return (suites ?? []).flatMap((suite) => timesIn(suite, ""));
}

/**
 * The tests in a report; none if the runner ended before it wrote one.
 * @param {string} path
 * @param {(report: unknown) => Timed[]} times
 * @returns {Timed[]}
 */
export function timesOf(path, times) {
  try {
    return times(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return [];
  }
}

/**
 * A line for each of the slowest tests, the slowest first.
 * @param {readonly Timed[]} times
 */
export function slowest(times, count = 10) {
  const first = [...times].sort((a, b) => b.ms - a.ms).slice(0, count);
  return first.map(({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${name}`).join("\n");
}

/**
 * Writes how long a command took into a file that has one entry for each command.
 * @param {string} path
 * @param {string} command
 * @param {number} ms
 */
export function rememberDuration(path, command, ms) {
  /** @type {Record<string, unknown>} */
  let durations = {};
  try {
    durations = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // The first run has no file yet.
  }
  writeFileSync(path, `${JSON.stringify({ ...durations, [command]: Math.round(ms) }, undefined, 2)}\n`);
}
