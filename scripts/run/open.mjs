/** Opens the person's own browser. */
import { spawn } from "node:child_process";

/** @type {Partial<Record<NodeJS.Platform, (url: string) => [string, string[]]>>} */
const OPENERS = {
  darwin: (url) => ["open", [url]],
  win32: (url) => ["cmd", ["/c", "start", "", url]],
};

/**
 * Opens `url`, or says that it could not; the site runs either way.
 * @param {string} url
 */
export function openBrowser(url) {
  const [command, args] = OPENERS[process.platform]?.(url) ?? ["xdg-open", [url]];
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.once("error", () => console.error(`No browser could be opened here; go to ${url} yourself.`));
  child.unref();
}
