/** Runs an exported model of this folder in Node, with the WASM build of ONNX Runtime that the page uses too. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import * as ort from "onnxruntime-web/wasm";

const ENDS = [0, 2];

/** Loads the model in the folder `dir`. `encode` renders a chat, `decode` returns text, `generate` continues greedily. */
export async function loadModel(dir) {
  const json = (file) => JSON.parse(readFileSync(`${dir}/${file}`, "utf8"));
  const config = json("config.json");
  const settings = json("tokenizer_config.json");
  const tokenizer = new Tokenizer(json("tokenizer.json"), settings);
  const template = new Template(settings.chat_template);
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = readFileSync(
    createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
  );
  const session = await ort.InferenceSession.create(readFileSync(`${dir}/onnx/model_q4.onnx`), {
    externalData: [{ path: "model_q4.onnx_data", data: readFileSync(`${dir}/onnx/model_q4.onnx_data`) }],
  });
  const names = Array.from({ length: config.num_hidden_layers }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
  const { num_key_value_heads: heads, head_dim: width, vocab_size: vocabulary } = config;

  /** An empty cache: what `generate` fills, and continues from if it gets the same one again. */
  const newCache = () => ({
    length: 0,
    tensors: Object.fromEntries(
      names.map((name) => [
        `past_key_values.${name}`,
        new ort.Tensor("float32", new Float32Array(0), [1, heads, 0, width]),
      ]),
    ),
  });

  /** Reads `ids`, of which the cache holds a beginning, and answers greedily. `first` are the logits of the first token. */
  async function generate(ids, { cache = newCache(), max = 200 } = {}) {
    const answer = [];
    let next = ids.slice(cache.length);
    let first;
    while (answer.length < max) {
      const total = cache.length + next.length;
      const out = await session.run({
        ...cache.tensors,
        input_ids: new ort.Tensor("int64", BigInt64Array.from(next.map(BigInt)), [1, next.length]),
        attention_mask: new ort.Tensor("int64", new BigInt64Array(total).fill(1n), [1, total]),
      });
      const logits = out.logits.data.subarray((next.length - 1) * vocabulary, next.length * vocabulary);
      first ??= Float32Array.from(logits);
      const best = logits.reduce((top, value, i) => (value > logits[top] ? i : top), 0);
      for (const name of names) cache.tensors[`past_key_values.${name}`] = out[`present.${name}`];
      cache.length = total;
      answer.push(best);
      next = [best];
      if (ENDS.includes(best)) break;
    }
    return { answer, first };
  }

  return {
    newCache,
    generate,
    contextLength: config.max_position_embeddings,
    encode: (messages) =>
      Array.from(
        tokenizer.encode(template.render({ messages, add_generation_prompt: true }), { add_special_tokens: false }).ids,
      ),
    decode: (ids) => tokenizer.decode(ids, { skip_special_tokens: true }),
  };
}
