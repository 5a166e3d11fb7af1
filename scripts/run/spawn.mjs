/** Child processes: run one and wait, or run one and keep what it prints. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The project's root folder, without a slash at the end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

/**
 * @typedef {object} Finished
 * @property {number} code Exit code; 1 where the program was ended by a signal or could not be started.
 * @property {string} output What it printed, where `quiet` was asked for; else empty.
 */

/**
 * Runs a program to its end. Never rejects: a program that cannot be started has code 1.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ quiet?: boolean, env?: Record<string, string | undefined>, cwd?: string }} [options]
 *   `quiet` keeps the output back instead of printing it.
 * @returns {Promise<Finished>}
 */
export function execute(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: options.quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
    });
    let output = "";
    child.stdout?.on("data", (data) => (output += String(data)));
    child.stderr?.on("data", (data) => (output += String(data)));
    child.once("error", (error) => resolve({ code: 1, output: output + error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Runs a package's command-line program by this Node, without a shell and without npx.
 * @param {string} script Path inside `node_modules`, such as `eslint/bin/eslint.js`.
 * @param {readonly string[]} args
 * @param {Parameters<typeof execute>[2]} [options]
 */
export function executeTool(script, args, options) {
  return execute(process.execPath, [`${ROOT}/node_modules/${script}`, ...args], options);
}
