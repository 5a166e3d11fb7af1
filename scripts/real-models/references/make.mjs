/**
 * Makes the goldens: what other runtimes compute with the weights that the tests use. Started by `npm run real:goldens`.
 *
 * The answers are those of llama.cpp with all numbers as 32-bit floats. Its own kernels for the file's formats round the
 * activations to 8 bits, which ONNX Runtime does not do on the CPU. Transformers.js checks some answers on the ONNX graph.
 */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { AutoModelForCausalLM, AutoTokenizer, env, Tensor } from "@huggingface/transformers";
import { getLlama } from "node-llama-cpp";
import { ROOT } from "../../run/spawn.mjs";
import { importTypeScript } from "../../run/typescript.mjs";

/** Tokens of the longest answers. */
const ANSWER_TOKENS = 12;
/** Questions whose answers are long enough to compare probabilities, and the number of tokens and of entries for each. */
const DETAILED = 3;
const DETAILED_TOKENS = 20;
const ENTRIES = 8;
const ANSWERS = 50;
const TEXTS = 500;
/** Answers with a smaller distance between the two best tokens hang by a hair: rounding would decide them. */
const LEAST_MARGIN = 0.02;
/** Largest difference of log probabilities between two runtimes that compute with 32-bit floats. */
const TOLERANCE = 2e-3;

const models = await importTypeScript(`${ROOT}/scripts/real-models/index.ts`);
const { floatGguf } = await importTypeScript(`${ROOT}/scripts/real-models/references/float-gguf.ts`);
const { awkwardTexts, QUESTIONS, TURN_TOKENS, TURNS } = await importTypeScript(
  `${ROOT}/scripts/real-models/references/inputs.ts`,
);

const path = join(models.MODELS_FOLDER, "float.gguf");
const file = openSync(path, "w");
for (const piece of floatGguf(models.smolGguf())) writeSync(file, piece);
closeSync(file);

const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({
  contextSize: 1024,
  threads: 1,
  flashAttention: false,
  experimentalKvCacheKeyType: "F32",
  experimentalKvCacheValueType: "F32",
});
const sequence = context.getSequence();
const { folder } = await models.variant("fp32", "external");
env.allowRemoteModels = false;
env.localModelPath = join(folder, "..");
const tokenizer = await AutoTokenizer.from_pretrained("external");

function save(name, content) {
  const lines = content.map((item) => `  ${JSON.stringify(item)}`);
  writeFileSync(`${ROOT}/scripts/real-models/goldens/${name}.json`, `[\n${lines.join(",\n")}\n]\n`);
}

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
  awkwardTexts(TEXTS).map((text) => ({ text, ids: model.tokenize(text, false) })),
);
console.log("texts");

const turns = [];
for (const content of TURNS) {
  const { text, ids, margin } = await answer([...turns, { role: "user", content }], TURN_TOKENS);
  console.log(`${content} → ${text} (${margin})`);
  if (margin < LEAST_MARGIN) throw new Error("This turn hangs by a hair: ask something else.");
  turns.push({ role: "user", content }, { role: "assistant", content: text, ids });
}
save("chat", turns);

const answers = [];
for (const content of QUESTIONS) {
  const detailed = answers.length < DETAILED;
  const messages = [{ role: "user", content }];
  const { top, ...item } = await answer(messages, detailed ? DETAILED_TOKENS : ANSWER_TOKENS);
  console.log(`${content} → ${item.text} (${item.margin})`);
  if (item.margin < LEAST_MARGIN) continue;
  answers.push(detailed ? { ...item, top } : item);
  if (answers.length === ANSWERS) break;
}
if (answers.length < ANSWERS) throw new Error(`Only ${answers.length} answers do not hang by a hair: ask more.`);
await model.dispose();

const other = await AutoModelForCausalLM.from_pretrained("external", {
  dtype: "fp32",
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
if (!(worst <= TOLERANCE)) throw new Error(`That is more than ${TOLERANCE}.`);
save("answers", answers);
