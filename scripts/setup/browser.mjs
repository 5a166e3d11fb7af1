/** Finds a Chromium for the browser tests, or installs one. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { CommandError } from "../run/message.mjs";
import { execute, executeTool } from "../run/spawn.mjs";
import { aptInstall } from "./apt.mjs";

/** The environment variable that names a browser to use instead of all others. */
const VARIABLE = "MICROGRID_CHROMIUM";

/** Programs on the PATH of Linux, and of macOS with a package manager. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];

/** Where installers put browsers, inside the usual roots of each system. */
const MAC_APPS = [
  "Google Chrome.app/Contents/MacOS/Google Chrome",
  "Chromium.app/Contents/MacOS/Chromium",
  "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];
const WINDOWS_PROGRAMS = [
  "Google/Chrome/Application/chrome.exe",
  "Chromium/Application/chrome.exe",
  "Microsoft/Edge/Application/msedge.exe",
];

/**
 * @typedef {object} Machine
 * @property {NodeJS.Platform} platform
 * @property {Record<string, string | undefined>} env
 * @property {string} home
 * @property {(path: string) => boolean} exists
 */

/** @returns {Machine} */
function thisMachine() {
  return { platform: process.platform, env: process.env, home: homedir(), exists: existsSync };
}

/**
 * Every place where an installed browser may be, the best first.
 * @param {Machine} machine
 * @returns {string[]}
 */
export function installedPlaces({ platform, env, home }) {
  if (platform === "darwin") {
    return ["/Applications", join(home, "Applications")].flatMap((root) => MAC_APPS.map((app) => join(root, app)));
  }
  if (platform === "win32") {
    const roots = ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => env[name] ?? []);
    return WINDOWS_PROGRAMS.flatMap((program) => roots.map((root) => join(root, program)));
  }
  const folders = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/**
 * The browser that `MICROGRID_CHROMIUM` names, else an installed one; undefined where there is none.
 * Throws a `CommandError` where the variable names something that is not there.
 * @param {Machine} [machine]
 */
export function findInstalled(machine = thisMachine()) {
  const named = machine.env[VARIABLE];
  if (!named) return installedPlaces(machine).find((place) => machine.exists(place));
  if (machine.exists(named)) return named;
  throw new CommandError(`${VARIABLE} names ${named}, which does not exist. Set it to a Chromium or Chrome program.`);
}

/** Playwright's own browser, where it was downloaded before. */
async function findPlaywrights() {
  const { chromium } = await import("@playwright/test");
  const path = chromium.executablePath();
  return existsSync(path) ? path : undefined;
}

/**
 * A browser for the tests: one that is here already, else Playwright's download, else the system's package.
 * @returns {Promise<string>} its path. Rejects with a `CommandError` that says what to do where none can be had.
 */
export async function ensureBrowser() {
  const found = findInstalled() ?? (await findPlaywrights());
  if (found) return found;
  console.log("No Chromium or Chrome on this machine; downloading one (once) …");
  const download = await executeTool("@playwright/test/cli.js", ["install", "chromium"], { quiet: true });
  const downloaded = download.code === 0 ? await findPlaywrights() : undefined;
  if (downloaded && (await starts(downloaded))) return downloaded;
  console.log("That did not work here; trying the system's package …");
  await aptInstall("chromium");
  const installed = findInstalled();
  if (installed) return installed;
  throw new CommandError(
    "The browser tests need Chromium, Chrome or Edge, and none could be found, downloaded or installed. " +
      `Install one (on Debian or Ubuntu as root: apt-get install chromium) or set ${VARIABLE} to its path.`,
  );
}

/**
 * Whether the program runs at all: a download may lack libraries of the system.
 * @param {string} path
 */
async function starts(path) {
  return (await execute(path, ["--version"], { quiet: true })).code === 0;
}
