/** Installs the dependencies once; a no-op of a few milliseconds afterwards. Imports nothing but Node. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../run/message.mjs";
import { execute, ROOT } from "../run/spawn.mjs";

/** The oldest Node that every dependency works with. */
const MIN_NODE = [20, 19];

/**
 * @typedef {{ packages: Record<string, { version?: string, optional?: boolean }> }} Lock
 */

/**
 * True where each package that the lock asks for is installed in that version. Optional packages are
 * those of other platforms, so they may be missing.
 * @param {Lock} wanted The project's `package-lock.json`.
 * @param {Lock} present The lock that npm keeps inside `node_modules`.
 */
export function satisfies(wanted, present) {
  return Object.entries(wanted.packages).every(([path, { version, optional }]) => {
    if (path === "") return true;
    const found = present.packages[path];
    return found ? found.version === version : optional === true;
  });
}

/**
 * @param {string} [root]
 * @returns {boolean} whether nothing needs to be installed
 */
export function isInstalled(root = ROOT) {
  const present = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(present)) return false;
  try {
    return satisfies(readLock(join(root, "package-lock.json")), readLock(present));
  } catch {
    return false; // a lock that cannot be read is one to write again
  }
}

/** Installs what the lock says, where that is not there yet. Throws a `CommandError` that says what to do. */
export async function ensureInstalled() {
  checkNode(process.versions.node);
  if (isInstalled()) return;
  console.log("Installing dependencies (once) …");
  const { command, args } = npm();
  const { code, output } = await execute(command, [...args, "ci", "--no-audit", "--no-fund"], { quiet: true });
  if (code === 0) return;
  console.error(output.trim());
  throw new CommandError(
    "The dependencies could not be installed (npm's own words are above). " +
      "Check the connection to the package registry and run the command again.",
  );
}

/** @param {string} version Such as `20.19.0`. */
export function checkNode(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [minMajor = 0, minMinor = 0] = MIN_NODE;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return;
  throw new CommandError(`Microgrid needs Node ${MIN_NODE.join(".")} or newer; this is ${version}. See nodejs.org.`);
}

/** How to start npm: through the one that started us, else by name. */
function npm() {
  const path = process.env["npm_execpath"];
  if (path?.endsWith(".js")) return { command: process.execPath, args: [path] };
  return process.platform === "win32"
    ? { command: process.env["ComSpec"] ?? "cmd.exe", args: ["/d", "/c", "npm"] }
    : { command: "npm", args: [] };
}

/**
 * @param {string} path
 * @returns {Lock}
 */
function readLock(path) {
  return /** @type {Lock} */ (JSON.parse(readFileSync(path, "utf8")));
}
