/** Options of the commands: flags after `--`, and environment variables. */
import { parseArgs } from "node:util";
import { CommandError } from "./message.mjs";

/** The site's port; signaling takes the next one. */
const DEFAULT_PORT = 5180;

/**
 * @typedef {object} StartOptions
 * @property {string} host Where to listen: `localhost`, or every address (`0.0.0.0`) with `--https`.
 * @property {number} port Of the site; 0 takes any free one.
 * @property {number} signalPort Of the signaling server; the one after `port` by default.
 * @property {string} origins Of pages on other hosts that may use the signaling server, separated by spaces.
 * @property {boolean} open Whether to open a browser.
 * @property {boolean} https Whether to serve over TLS.
 */

/**
 * @param {readonly string[]} args
 * @param {Record<string, string | undefined>} env
 * @returns {StartOptions} Throws a `CommandError` that names the mistake.
 */
export function startOptions(args, env) {
  const { open, https } = flags(args);
  const port = portOf("PORT", env["PORT"], DEFAULT_PORT);
  const next = port === 0 || port === 65_535 ? 0 : port + 1;
  const signalPort = portOf("SIGNAL_PORT", env["SIGNAL_PORT"], next);
  if (port === signalPort && port !== 0) {
    throw new CommandError(`PORT and SIGNAL_PORT are both ${port}; the site and signaling need one each.`);
  }
  return { host: hostOf(env, https), port, signalPort, origins: originsOf(env), open, https };
}

/**
 * @param {readonly string[]} args
 * @returns {{ open: boolean, https: boolean }}
 */
function flags(args) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { open: { type: "boolean", default: false }, https: { type: "boolean", default: false } },
    });
    return { open: values.open, https: values.https };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(".")[0] : String(error);
    throw new CommandError(`${reason}. The options are: npm start -- --open --https`);
  }
}

/**
 * @param {Record<string, string | undefined>} env
 * @param {boolean} https A certificate is for other devices, so they must be able to connect.
 */
export function hostOf(env, https) {
  return env["HOST"] || (https ? "0.0.0.0" : "localhost");
}

/**
 * Pages on other hosts that may use the signaling server. Throws a `CommandError` for a text that is no origin.
 * @param {Record<string, string | undefined>} env
 */
export function originsOf(env) {
  const origins = (env["SIGNAL_ORIGINS"] ?? "").split(/\s+/).filter(Boolean);
  const wrong = origins.find((one) => one !== "*" && !(URL.canParse(one) && new URL(one).origin === one));
  if (wrong === undefined) return origins.join(" ");
  throw new CommandError(
    `SIGNAL_ORIGINS contains "${wrong}", which is not an origin. An origin looks like https://chat.example.`,
  );
}

/**
 * @param {string} name Of the environment variable.
 * @param {string | undefined} value
 * @param {number} fallback
 */
export function portOf(name, value, fallback) {
  if (value === undefined || value === "") return fallback;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CommandError(`${name} is "${value}", which is not a port: it must be a number from 0 to 65535.`);
}
