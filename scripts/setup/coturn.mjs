/** Finds coturn, the TURN server of the tests with bad networks, or installs it. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { aptInstall } from "./apt.mjs";

/** The environment variable that names the program. */
const VARIABLE = "MICROGRID_TURNSERVER";
/** Folders of servers, which ordinary users often lack in their PATH. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/** @returns {string | undefined} the path of `turnserver` */
export function findCoturn(env = process.env, exists = existsSync) {
  const folders = [...(env["PATH"] ?? "").split(delimiter).filter(Boolean), ...MORE_FOLDERS];
  return env[VARIABLE] ?? folders.map((folder) => join(folder, "turnserver")).find((path) => exists(path));
}

/** @returns {Promise<string | undefined>} its path, or undefined where it is not here and cannot be installed */
export async function ensureCoturn() {
  const found = findCoturn();
  if (found) return found;
  await aptInstall("coturn");
  return findCoturn();
}
