/**
 * `npm run real:models`: downloads the weights of SmolLM2-135M-Instruct and makes all ONNX repositories of them, for tests
 * with real weights. `-- gemma3-270m` does so for Gemma 3 270M, `-- minilm` brings all-MiniLM-L6-v2, which makes embeddings. `-- --record` makes them again and writes their hashes to
 * `real-models/hashes.json`.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { downloadGguf, isModelId, MODEL_IDS, modelFolder } from "./real-models/download.mjs";
import { downloadMinilm, minilmFolder } from "./real-models/minilm.mjs";
import { CommandError, run } from "./run/message.mjs";
import { ROOT } from "./run/spawn.mjs";
import { importTypeScript } from "./run/typescript.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/** @import { RealModelId } from "./real-models/download.mjs" */

/**
 * The functions of `real-models/index.ts`, which Vite compiles.
 * @typedef {{
 *   variant(id: RealModelId, precision: string, layout: string, options: {
 *     onFile?: (file: string, hash: string) => void,
 *   }): Promise<{ folder: string, graph: string }>,
 *   variantsOf(id: RealModelId): readonly (readonly [precision: string, layout: string])[],
 *   HASHES_PATH: string,
 * }} RealModels
 */

const MINILM = "minilm";

await run(async () => {
  const { values, positionals } = parseArgs({
    options: { record: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [id = "smollm2-135m", ...more] = positionals;
  if (id === MINILM && more.length === 0) {
    await downloadMinilm();
    console.log(minilmFolder());
    return;
  }
  if (!isModelId(id) || more.length > 0)
    throw new CommandError(`Name one model: ${[...MODEL_IDS, MINILM].join(" or ")}.`);
  await ensureInstalled();
  /** @type {RealModels} */
  const models = await importTypeScript(`${ROOT}/scripts/real-models/index.ts`);
  await downloadGguf(id);
  const variants = models.variantsOf(id);
  if (values.record) {
    for (const [, layout] of variants) rmSync(join(modelFolder(id), layout), { recursive: true, force: true });
  }
  /** @type {Record<string, string>} */
  const hashes = {};
  for (const [precision, layout] of variants) {
    const { folder, graph } = await models.variant(id, precision, layout, {
      ...(values.record && { onFile: (file, hash) => void (hashes[file] = hash) }),
    });
    console.log(join(folder, graph));
  }
  if (!values.record) return;
  /** @type {Record<string, string>} */
  const before = JSON.parse(readFileSync(models.HASHES_PATH, "utf8"));
  const others = Object.entries(before).filter(([file]) => !file.startsWith(`${id}/`));
  const sorted = Object.fromEntries([...others, ...Object.entries(hashes)].sort());
  writeFileSync(models.HASHES_PATH, `${JSON.stringify(sorted, undefined, 2)}\n`);
});
