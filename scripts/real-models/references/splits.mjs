/**
 * Lets llama.cpp cut the texts of `splits.ts` with the tokenizers of all kinds, and writes hashes of its tokens to
 * `goldens/splits.json`. Started by `npm run real:goldens -- splits`.
 */
import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama } from "node-llama-cpp";
import { ROOT } from "../../run/spawn.mjs";
import { importTypeScript } from "../../run/typescript.mjs";

const { crossingMerges, splitGguf, SPLIT_KINDS, splitTexts } = await importTypeScript(
  `${ROOT}/scripts/real-models/splits.ts`,
);
// Without weights, it warns that there are none.
const llama = await getLlama({ gpu: false, build: "never", logLevel: "disabled" });
const path = join(tmpdir(), `microgrid-splits-${process.pid}.gguf`);
const merges = crossingMerges();
const goldens = {};
for (const kind of SPLIT_KINDS) {
  writeFileSync(path, splitGguf(kind, merges));
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
  const ids = splitTexts(kind).map((text) => model.tokenize(text, false));
  goldens[kind] = createHash("sha256").update(JSON.stringify(ids)).digest("hex");
  await model.dispose();
}
rmSync(path);
writeFileSync(`${ROOT}/scripts/real-models/goldens/splits.json`, `${JSON.stringify(goldens, undefined, 2)}\n`);
await llama.dispose();
