/**
 * `npm run try:model -- <folder | owner/name | address>`: tries a model on the CPU and prints a certificate. `--hub
 * https://…` names another hub (so does MICROGRID_HUB). Ends with 1 if a trial fails.
 *
 * `npm run try:model -- --table`: tries a random model of each family, and all variants of SmolLM2-135M, and writes the
 * verdicts to `docs/models.md`.
 */
import { parseArgs } from "node:util";
import { downloadGguf } from "./real-models/download.mjs";
import { CommandError, run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";
import { withTypeScript } from "./run/typescript.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/**
 * The functions of `try-model/index.ts`, which Vite compiles.
 * @typedef {{ name: string, passed: boolean, seen: string }} Trial
 * @typedef {readonly [name: string, candidate: unknown]} Row
 * @typedef {{
 *   findModel(source: string, hub: string): Promise<unknown>,
 *   certify(model: unknown, tell: (trial: Trial) => void): Promise<void>,
 *   families(): readonly Row[],
 *   realModels(): readonly Row[],
 *   row(row: Row, tell: (trial: Trial) => void): Promise<readonly string[]>,
 *   writeTable(rows: readonly (readonly string[])[]): void,
 * }} TryModel
 */

/** @param {Trial} trial */
function print({ name, passed, seen }) {
  console.log(`${passed ? "✓" : "✗"} ${name.padEnd(7)} ${seen}`);
}

/** @param {TryModel} models */
async function table({ families, realModels, row, writeTable }) {
  await downloadGguf("smollm2-135m");
  const rows = [];
  for (const model of [...families(), ...realModels()]) {
    console.log(`\n${model[0]}`);
    rows.push(await row(model, print));
  }
  writeTable(rows);
}

await run(async () => {
  const { values, positionals } = parseArgs({
    options: {
      hub: { type: "string", default: process.env["MICROGRID_HUB"] ?? "https://huggingface.co" },
      table: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const [source, ...more] = positionals;
  if ((source === undefined) !== values.table || more.length > 0) {
    throw new CommandError("Name one model: npm run try:model -- <folder | owner/name | address>");
  }
  await ensureInstalled();
  await withTypeScript(`${ROOT}/scripts/try-model/index.ts`, async (/** @type {TryModel} */ models) => {
    if (source === undefined) return table(models);
    const model = await models.findModel(source, values.hub).catch((error) => {
      throw new CommandError(error instanceof Error ? error.message : String(error));
    });
    await models.certify(model, (trial) => {
      print(trial);
      if (!trial.passed) process.exitCode = 1;
    });
  });
});
