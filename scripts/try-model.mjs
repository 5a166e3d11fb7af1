/**
 * `npm run try:model -- <folder | owner/name | address>`: tries a model on the CPU and prints a certificate. `--hub
 * https://…` names another hub (so does MICROGRID_HUB). Ends with 1 if a trial fails.
 */
import { parseArgs } from "node:util";
import { CommandError, run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";
import { withTypeScript } from "./run/typescript.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/**
 * The functions of `try-model/index.ts`, which Vite compiles.
 * @typedef {{ name: string, passed: boolean, seen: string }} Trial
 * @typedef {{
 *   findModel(source: string, hub: string): Promise<unknown>,
 *   certify(model: unknown, tell: (trial: Trial) => void): Promise<void>,
 * }} TryModel
 */

await run(async () => {
  const { values, positionals } = parseArgs({
    options: { hub: { type: "string", default: process.env["MICROGRID_HUB"] ?? "https://huggingface.co" } },
    allowPositionals: true,
  });
  const [source, ...more] = positionals;
  if (source === undefined || more.length > 0) {
    throw new CommandError("Name one model: npm run try:model -- <folder | owner/name | address>");
  }
  await ensureInstalled();
  await withTypeScript(`${ROOT}/scripts/try-model/index.ts`, async (/** @type {TryModel} */ { findModel, certify }) => {
    const model = await findModel(source, values.hub).catch((error) => {
      throw new CommandError(error instanceof Error ? error.message : String(error));
    });
    await certify(model, ({ name, passed, seen }) => {
      console.log(`${passed ? "✓" : "✗"} ${name.padEnd(7)} ${seen}`);
      if (!passed) process.exitCode = 1;
    });
  });
});
