/** Command line options of `npm run bench`. */
import { parseArgs } from "node:util";
import { CommandError } from "../scripts/run/message.mjs";

/** The groups of lines, in the order in which they are measured. */
export const GROUPS = /** @type {const} */ ([
  "start",
  "offline",
  "decode",
  "prefill",
  "engines",
  "together",
  "formats",
  "http",
  "peer",
  "loss",
  "ceiling",
  "handshake",
  "pipeline",
  "pipeline-delay",
  "pipeline-repair",
  "pipeline-plan",
  "sampler",
  "rooms-pages",
  "rooms-large",
  "rooms-hostile",
]);

/** @typedef {typeof GROUPS[number]} GroupName */

/**
 * @typedef {object} BenchOptions
 * @property {readonly GroupName[]} groups What to measure.
 * @property {string | undefined} json A file for all figures and samples.
 * @property {number} scale Multiplies how often each thing is measured; 1 by default.
 */

const USAGE = `The options are: npm run bench -- --only ${GROUPS.join("|")} --json FILE --scale 0.5`;

/**
 * @param {string[]} args
 * @returns {BenchOptions} Throws a `CommandError` that names the mistake.
 */
export function benchOptions(args) {
  const { only, json, scale } = values(args);
  const groups = only.length === 0 ? GROUPS : GROUPS.filter((name) => only.includes(name));
  const unknown = only.filter((name) => !GROUPS.some((known) => known === name));
  if (unknown.length > 0) throw new CommandError(`There is no group ${unknown.join(", ")}. ${USAGE}`);
  const factor = Number(scale);
  if (!(factor > 0)) throw new CommandError(`--scale is "${scale}", which is not a number above 0. ${USAGE}`);
  return { groups, json, scale: factor };
}

/** @param {string[]} args */
function values(args) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: "string", multiple: true, default: [] },
        json: { type: "string" },
        scale: { type: "string", default: "1" },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(".")[0] : String(error);
    throw new CommandError(`${reason}. ${USAGE}`);
  }
}
