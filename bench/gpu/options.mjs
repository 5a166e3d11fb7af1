/** Command line options of `npm run bench:gpu`. */
import { parseArgs } from "node:util";
import { CommandError } from "../../scripts/run/message.mjs";

/**
 * @typedef {object} GpuBenchOptions
 * @property {readonly string[]} shapes The shapes to measure, by any part of their names; all of them if there is none.
 * @property {string | undefined} json A file for all figures and samples.
 * @property {number} minutes The time for the whole run.
 * @property {boolean} software Measures software WebGPU, even where there is a graphics card.
 * @property {boolean} full Measures the real sizes on software WebGPU too.
 * @property {readonly string[]} flags Further flags for the browser.
 */

/** Eight minutes, less the time to build the pages and to close the browser. */
const MINUTES = "7.5";
const USAGE =
  "The options are: npm run bench:gpu -- --shape Qwen3 --json FILE --minutes 7.5 --software --full --browser-flag=--name=value";

/**
 * @param {string[]} args
 * @returns {GpuBenchOptions} Throws a `CommandError` that names the mistake.
 */
export function gpuBenchOptions(args) {
  const values = parsed(args);
  const minutes = Number(values.minutes);
  if (!(minutes > 0))
    throw new CommandError(`--minutes is "${values.minutes}", which is not a number above 0. ${USAGE}`);
  const { shape: shapes, json, software, full, "browser-flag": flags } = values;
  return { shapes, json, minutes, software, full, flags };
}

/** @param {string[]} args */
function parsed(args) {
  try {
    return parseArgs({
      args,
      options: {
        shape: { type: "string", multiple: true, default: [] },
        json: { type: "string" },
        minutes: { type: "string", default: MINUTES },
        software: { type: "boolean", default: false },
        full: { type: "boolean", default: false },
        "browser-flag": { type: "string", multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(".")[0] : String(error);
    throw new CommandError(`${reason}. ${USAGE}`);
  }
}
