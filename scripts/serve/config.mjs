/** The settings file of the built site, checked before it is served. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../run/message.mjs";
import { ROOT } from "../run/spawn.mjs";
import { importTypeScript } from "../run/typescript.mjs";

/** @typedef {Record<string, unknown> & { signaling?: unknown[] }} ConfigFile */

/**
 * Reads `microgrid.config.json` of a built site.
 * @param {string} dist
 * @returns {Promise<ConfigFile>} Rejects with a `CommandError` that names the mistake in the file.
 */
export async function siteConfig(dist) {
  const text = await readFile(join(dist, "microgrid.config.json"), "utf8").catch(() => "{}");
  // The page reads the same file with the same schema, which is written in TypeScript.
  /** @type {{ resolveConfig(file: unknown, baseUrl: string): unknown }} */
  const { resolveConfig } = await importTypeScript(join(ROOT, "src/node/config.ts"));
  try {
    const file = JSON.parse(text);
    resolveConfig(file, "http://localhost/");
    return file;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`public/microgrid.config.json cannot be used: ${reason}. Correct it, then start again.`);
  }
}
