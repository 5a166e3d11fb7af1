/**
 * `npm run catalog:check`: compares the catalog of models with a hub. `-- --hub https://…` names another hub (so does
 * MICROGRID_HUB), and words select entries by their ids. Ends with 1 if an entry is wrong, and with 2 if the hub cannot
 * be reached.
 */
import { parseArgs } from "node:util";
import { prebuiltAppConfig } from "@mlc-ai/web-llm";
import { runnerImport } from "vite";
import { noPackagedFiles } from "./run/packaged-files.mjs";
import { run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";

/**
 * The functions of `catalog/check.ts`, which Vite compiles.
 * @typedef {{ id: string, problems: readonly string[], notes: readonly string[], unreachable: boolean }} Checked
 * @typedef {{
 *   hubEntries(records: readonly unknown[]): readonly { id: string }[],
 *   checkEntries(entries: readonly { id: string }[], hub: string, tell: (checked: Checked) => void): Promise<Checked[]>,
 * }} CatalogCheck
 */

await run(async () => {
  const { values, positionals } = parseArgs({
    options: { hub: { type: "string", default: process.env.MICROGRID_HUB ?? "https://huggingface.co" } },
    allowPositionals: true,
  });
  const imported = await runnerImport(`${ROOT}/scripts/catalog/check.ts`, {
    configFile: false,
    logLevel: "error",
    oxc: { target: "es2023" },
    plugins: [noPackagedFiles()],
  });
  const module = /** @type {CatalogCheck} */ (imported.module);
  const entries = module
    .hubEntries(prebuiltAppConfig.model_list)
    .filter(({ id }) => positionals.every((word) => id.toLowerCase().includes(word.toLowerCase())));
  const results = await module.checkEntries(entries, values.hub, ({ id, problems, notes, unreachable }) => {
    const mark = unreachable ? "?" : problems.length > 0 ? "✗" : "✓";
    console.log([`${mark} ${id}`, ...problems, ...notes].join("\n    "));
  });
  const wrong = results.filter(({ problems, unreachable }) => problems.length > 0 && !unreachable).length;
  const unknown = results.filter(({ unreachable }) => unreachable).length;
  console.log(`${results.length} entries checked on ${values.hub}: ${wrong} wrong, ${unknown} without an answer.`);
  process.exitCode = wrong > 0 ? 1 : unknown > 0 ? 2 : 0;
});
