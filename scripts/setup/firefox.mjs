/** Finds Firefox for the tests between browsers of two makers, or installs it. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { aptInstall } from "./apt.mjs";

/** The environment variable that names the program. */
const VARIABLE = "MICROGRID_FIREFOX";
const NAMES = ["firefox-esr", "firefox"];
const MAC_PROGRAM = "/Applications/Firefox.app/Contents/MacOS/firefox";
const WINDOWS_PROGRAM = "Mozilla Firefox/firefox.exe";

/** @returns {string | undefined} the path of Firefox */
export function findFirefox(env = process.env, exists = existsSync) {
  const folders = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  const windows = [env["PROGRAMFILES"], env["PROGRAMFILES(X86)"]].filter((folder) => folder !== undefined);
  const places = [
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
    MAC_PROGRAM,
    ...windows.map((folder) => join(folder, WINDOWS_PROGRAM)),
  ];
  return env[VARIABLE] || places.find((path) => exists(path));
}

/** @returns {Promise<string | undefined>} its path, or undefined if it is not here and cannot be installed */
export async function ensureFirefox() {
  const found = findFirefox();
  if (found) return found;
  await aptInstall("firefox-esr");
  return findFirefox();
}
