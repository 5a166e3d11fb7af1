/**
 * Makes the goldens: what other runtimes compute with the weights that the tests use. Started by `npm run real:goldens`, which
 * names the model.
 *
 * The answers are those of llama.cpp with all numbers as 32-bit floats. Its own kernels for the file's formats round the
 * activations to 8 bits, which ONNX Runtime does not do on the CPU. Transformers.js checks some answers on the ONNX graph.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { AutoModelForCausalLM, AutoTokenizer, env, Tensor } from "@huggingface/transformers";
import { getLlama } from "node-llama-cpp";
import { ROOT } from "../../run/spawn.mjs";
import { importTypeScript } from "../../run/typescript.mjs";

/** Answers whose probabilities are compared, and entries for each of their tokens. */
const DETAILED = 3;
const ENTRIES = 8;
const TEXTS = 500;
/** Numbers that differ by less are the same: processors round differently. */
const SAME = 1e-4;

const [id] = process.argv.slice(2);
const models = await importTypeScript(`${ROOT}/scripts/real-models/index.ts`);
const { floatGguf } = await importTypeScript(`${ROOT}/scripts/real-models/references/float-gguf.ts`);
const { awkwardTexts, INPUTS, TURN_TOKENS } = await importTypeScript(
  `${ROOT}/scripts/real-models/references/inputs.ts`,
);
const inputs = INPUTS[id];
const goldens = `${ROOT}/scripts/real-models/goldens/${id}`;
const floatPath = join(models.modelFolder(id), "float.gguf");

/** Writes a golden, one item a line. An item that is there already stays as it is if only rounding has changed. */
function save(name, content) {
  const path = join(goldens, `${name}.json`);
  const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : [];
  const kept = content.map((item) => before.find((other) => alike(other, item)) ?? item);
  mkdirSync(goldens, { recursive: true });
  writeFileSync(path, `[\n${kept.map((item) => `  ${JSON.stringify(item)}`).join(",\n")}\n]\n`);
}

function alike(one, other) {
  if (typeof one === "number" && typeof other === "number") return Math.abs(one - other) < SAME * 1.01;
  if (typeof one !== "object" || typeof other !== "object") return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && alike(one[key], other[key]));
}

const file = openSync(floatPath, "w");
for (const piece of floatGguf(await models.realGguf(id))) writeSync(file, piece);
closeSync(file);

const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath: floatPath });
const context = await model.createContext({
  contextSize: 1024,
  threads: 1,
  flashAttention: false,
  experimentalKvCacheKeyType: "F32",
  experimentalKvCacheValueType: "F32",
});
const sequence = context.getSequence();
const [precision] = models.variantsOf(id).at(-1);
const { folder } = await models.variant(id, precision, "external");
env.allowRemoteModels = false;
env.localModelPath = join(folder, "..");
const tokenizer = await AutoTokenizer.from_pretrained("external");

/** The greedy answer to messages, with the best tokens at each step. */
async function answer(messages, maxTokens) {
  const prompt = tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt: true });
  const promptIds = model.tokenize(prompt, true);
  await sequence.adaptStateToTokens(promptIds.slice(0, -1), false);
  const rest = promptIds.slice(sequence.nextTokenIndex);
  const ids = [];
  const top = [];
  let margin = Infinity;
  const steps = sequence.evaluateWithMetadata(rest, { probabilities: true }, { temperature: 0, yieldEogToken: true });
  for await (const { token, probabilities } of steps) {
    const best = [...probabilities].slice(0, ENTRIES).map(([id, p]) => [id, Number(Math.log(p).toFixed(5))]);
    margin = Math.min(margin, best[0][1] - best[1][1]);
    top.push(best);
    ids.push(token);
    if (model.isEogToken(token) || ids.length === maxTokens) break;
  }
  const shown = ids.filter((id) => !model.isEogToken(id));
  return { messages, promptIds, ids, text: model.detokenize(shown), margin: Number(margin.toFixed(4)), top };
}

save(
  "texts",
  // A text that a person writes holds no special tokens, even if it looks as if it did.
  awkwardTexts(TEXTS)
    .filter((text) => !inputs.leftOut?.test(text))
    .map((text) => ({ text, ids: model.tokenize(text, false) })),
);
console.log("texts");

const turns = [];
for (const content of inputs.turns) {
  const { text, ids, margin } = await answer([...turns, { role: "user", content }], TURN_TOKENS);
  console.log(`${content} → ${text} (${margin})`);
  if (margin < inputs.leastMargin) throw new Error("This turn hangs by a hair: ask something else.");
  turns.push({ role: "user", content }, { role: "assistant", content: text, ids });
}
if (turns.length > 0) save("chat", turns);

const answers = [];
for (const content of inputs.questions) {
  const detailed = answers.length < DETAILED;
  const messages = [{ role: "user", content }];
  const { top, ...item } = await answer(messages, detailed ? inputs.detailedTokens : inputs.answerTokens);
  console.log(`${content.slice(-60)} → ${item.text} (${item.margin})`);
  if (item.margin < inputs.leastMargin) continue;
  answers.push(detailed ? { ...item, top } : item);
  if (answers.length === inputs.answers) break;
}
if (answers.length < inputs.answers) {
  throw new Error(`Only ${answers.length} answers do not hang by a hair: ask more.`);
}
await model.dispose();
rmSync(floatPath);

const other = await AutoModelForCausalLM.from_pretrained("external", {
  dtype: precision,
  device: "cpu",
  session_options: { intraOpNumThreads: 1 },
});
let worst = 0;
for (const { promptIds, ids, top } of answers.slice(0, DETAILED)) {
  const all = [...promptIds, ...ids].map(BigInt);
  const { logits } = await other({
    input_ids: new Tensor("int64", BigInt64Array.from(all), [1, all.length]),
    attention_mask: new Tensor("int64", new BigInt64Array(all.length).fill(1n), [1, all.length]),
  });
  const width = logits.dims.at(-1);
  for (const [step, best] of top.entries()) {
    const row = logits.data.subarray((promptIds.length - 1 + step) * width, (promptIds.length + step) * width);
    const most = row.reduce((max, value) => Math.max(max, value), -Infinity);
    const total = most + Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0));
    for (const [id, logprob] of best) worst = Math.max(worst, Math.abs(row[id] - total - logprob));
  }
}
console.log(`Transformers.js differs by at most ${worst.toExponential(1)} in log probabilities.`);
if (!(worst <= inputs.tolerance)) throw new Error(`That is more than ${inputs.tolerance}.`);
save("answers", answers);
