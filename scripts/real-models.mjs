/**
 * `npm run real:models`: downloads the weights of SmolLM2-135M-Instruct and makes all ONNX repositories of them, for tests
 * with real weights. `-- --record` makes all of them again and writes their hashes to `real-models/hashes.json`.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { downloadGguf, MODELS_FOLDER } from "./real-models/download.mjs";
import { run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";
import { importTypeScript } from "./run/typescript.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/**
 * The functions of `real-models/index.ts`, which Vite compiles.
 * @typedef {{
 *   variant(precision: string, layout: string, options: { onFile?: (file: string, hash: string) => void }): Promise<{
 *     folder: string,
 *     graph: string,
 *   }>,
 *   LAYOUTS: readonly string[],
 *   PRECISIONS: readonly string[],
 *   HASHES_PATH: string,
 * }} RealModels
 */

await run(async () => {
  const { values } = parseArgs({ options: { record: { type: "boolean", default: false } } });
  await ensureInstalled();
  /** @type {RealModels} */
  const models = await importTypeScript(`${ROOT}/scripts/real-models/index.ts`);
  await downloadGguf();
  /** @type {Record<string, string>} */
  const hashes = {};
  for (const layout of models.LAYOUTS) {
    if (values.record) rmSync(join(MODELS_FOLDER, layout), { recursive: true, force: true });
    for (const precision of models.PRECISIONS) {
      const { folder, graph } = await models.variant(precision, layout, {
        ...(values.record && { onFile: (file, hash) => void (hashes[file] = hash) }),
      });
      console.log(join(folder, graph));
    }
  }
  if (values.record) {
    const sorted = Object.fromEntries(Object.entries(hashes).sort());
    writeFileSync(models.HASHES_PATH, `${JSON.stringify(sorted, undefined, 2)}\n`);
  }
});
