/** How long the last `npm run check` and `npm test` took, kept in `.cache/durations.json` for `npm run shape`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** @param {string} root */
const fileIn = (root) => join(root, ".cache", "durations.json");

/**
 * Seconds by command; empty before the first run.
 * @param {string} root
 * @returns {Record<string, number>}
 */
export function readDurations(root) {
  const path = fileIn(root);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
}

/**
 * @param {string} root
 * @param {string} command
 * @param {number} seconds
 */
export function recordDuration(root, command, seconds) {
  const path = fileIn(root);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ ...readDurations(root), [command]: seconds }, undefined, 2)}\n`);
}
