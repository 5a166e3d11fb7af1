/**
 * Lets llama.cpp answer with the GGUF files of the guide model, and compares the answers with the goldens of its ONNX files. Started
 * by `npm run real:goldens -- guide`.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { getLlama } from "node-llama-cpp";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../run/spawn.mjs";
import { importTypeScript } from "../../run/typescript.mjs";

const MAX_TOKENS = 160;
const { guideGguf } = await importTypeScript(`${ROOT}/scripts/guide-gguf/gguf.ts`);
const { items } = JSON.parse(readFileSync(`${ROOT}/e2e/fixtures/golden.json`, "utf8"));
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const path = join(tmpdir(), `microgrid-guide-${process.pid}.gguf`);
const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

for (const format of ["f32", "q4_0"]) {
  writeFileSync(path, guideGguf(format));
  const model = await llama.loadModel({ modelPath: path, useMmap: false });
  rmSync(path);
  const context = await model.createContext({ contextSize: 1024, threads: 1 });
  const sequence = context.getSequence();
  for (const { prompt, prompt_ids: promptIds, completion_ids: expected } of items) {
    if (!equal(model.tokenize(prompt, true), promptIds)) throw new Error(`Other tokens: ${prompt}`);
    await sequence.clearHistory();
    const ids = [];
    for await (const token of sequence.evaluate(promptIds, { temperature: 0, yieldEogToken: true })) {
      ids.push(token);
      if (model.isEogToken(token) || ids.length === MAX_TOKENS) break;
    }
    if (!equal(ids, expected)) throw new Error(`Another answer to ${prompt}: ${model.detokenize(ids)}`);
  }
  await model.dispose();
  console.log(`${format}: llama.cpp gives all ${items.length} answers.`);
}
await llama.dispose();
