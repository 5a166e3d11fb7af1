import { describe, expect, it } from "vitest";
import { decoderPackage, guidePackage, nodeOrt, randomPackage } from "../testing/node";
import type { ModelPackage } from "../types";
import { OnnxEngine } from "./engine";
import { readPackage } from "./package-files";

type OnnxPackage = Extract<ModelPackage, { engine: "onnx" }>;
const signal = new AbortController().signal;

function replaced(pkg: OnnxPackage, path: string, content: string | Uint8Array | undefined): OnnxPackage {
  const others = pkg.files.filter((file) => file.path !== path);
  return {
    ...pkg,
    files: content === undefined ? others : [...others, { path, blob: new Blob([content as BlobPart]) }],
  };
}

describe("readPackage", () => {
  it("reads context, end tokens and shapes of the guide model", async () => {
    const files = await readPackage(guidePackage(), { signal });
    expect(files).toMatchObject({ contextLength: 1024, heads: 2, headDim: 64 });
    expect([...files.eosIds].sort()).toEqual([0, 2]);
    expect(files.external.map((file) => file.path)).toEqual(["model_q4.onnx_data"]);
  });

  it("reads the text part of a multimodal configuration", async () => {
    const config = JSON.stringify({
      model_type: "vlm",
      text_config: { max_position_embeddings: 333, num_attention_heads: 4, hidden_size: 64 },
    });
    const files = await readPackage(replaced(guidePackage(), "config.json", config), { signal });
    expect(files).toMatchObject({ contextLength: 333, heads: 4, headDim: 16 });
  });

  it("gives the tokenizer a template and special tokens from any file", async () => {
    const bare = replaced(guidePackage(), "tokenizer_config.json", undefined);
    const template = replaced(bare, "chat_template.json", '{"chat_template":"{{ bos_token + messages[0].content }}"}');
    const files = await readPackage(replaced(template, "special_tokens_map.json", '{"bos_token":"<s>"}'), { signal });
    expect(files.tokenizer.read([{ role: "user", content: "hey" }])).toEqual(files.tokenizer.encode("<s>hey"));
  });

  it.each([
    ['{"max_position_embeddings":null,"n_positions":77,"num_attention_heads":4,"hidden_size":64}', 77],
    ['{"max_position_embeddings":Infinity,"n_positions":77,"num_attention_heads":4,"hidden_size":64,"x":NaN}', 77],
    ['\ufeff{"max_position_embeddings":77,"num_attention_heads":4,"num_key_value_heads":null,"head_dim":16}', 77],
    ['{"max_position_embeddings":77,"num_attention_heads":4,"head_dim":16,"text_config":{"head_dim":null}}', 77],
    ['{"max_position_embeddings":77,"num_attention_heads":4,"head_dim":16,"text_config":null}', 77],
    ['{"max_position_embeddings":77,"num_attention_heads":4,"head_dim":16,"eos_token_id":"</s>"}', 77],
  ])("reads %s as exporters mean it", async (config, contextLength) => {
    const files = await readPackage(replaced(guidePackage(), "config.json", config), { signal });
    expect(files).toMatchObject({ contextLength, heads: 4, headDim: 16 });
  });

  it("reads the settings of ONNX Runtime GenAI if there is no config.json, and its end tokens in any case", async () => {
    const genAi = JSON.stringify({
      model: {
        context_length: 555,
        eos_token_id: [7, 9],
        decoder: { head_size: 24, num_attention_heads: 8, num_key_value_heads: 2, num_hidden_layers: 3 },
      },
      search: { max_length: 555, do_sample: true, temperature: 0.6, top_k: 20, top_p: 0.9, repetition_penalty: 1.1 },
    });
    const pkg = replaced(guidePackage(), "genai_config.json", genAi);
    const without = replaced(replaced(pkg, "config.json", undefined), "generation_config.json", undefined);
    const alone = await readPackage(without, { signal });
    const sampling = { temperature: 0.6, topK: 20, topP: 0.9, repetitionPenalty: 1.1 };
    expect(alone).toMatchObject({ contextLength: 555, heads: 2, headDim: 24, sampling });
    expect([...alone.eosIds]).toEqual(expect.arrayContaining([7, 9]));
    const both = await readPackage(pkg, { signal });
    expect(both).toMatchObject({ contextLength: 1024, heads: 2, headDim: 64, sampling: { temperature: 0 } });
    expect([...both.eosIds]).toEqual(expect.arrayContaining([0, 2, 7, 9]));
  });

  it.each([
    ['{"do_sample":false,"temperature":0.7}', { temperature: 0, topK: 0 }],
    ['{"do_sample":true}', { temperature: 1, topK: 50, topP: 1 }],
    [
      '{"temperature":0.6,"top_k":20,"top_p":0.9,"min_p":0.1,"repetition_penalty":1.2}',
      { temperature: 0.6, topK: 20, topP: 0.9, minP: 0.1, repetitionPenalty: 1.2 },
    ],
    ['{"temperature":-1,"top_p":"all","top_k":null}', { temperature: 0, topK: 0, topP: 1 }],
    [undefined, { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }],
  ])("reads the recommended sampling of %s", async (config, sampling) => {
    const files = await readPackage(replaced(guidePackage(), "generation_config.json", config), { signal });
    expect(files.sampling).toMatchObject(sampling);
  });

  const weights = guidePackage().files.find((file) => file.path.endsWith("_data"))?.blob;
  it.each([
    ["file-missing", "config.json", undefined, /config\.json/],
    ["file-missing", "onnx/model_q4.onnx", undefined, /model_q4\.onnx /],
    ["file-missing", "onnx/model_q4.onnx_data", undefined, /model_q4\.onnx_data/],
    ["file-corrupt", "onnx/model_q4.onnx_data", new Uint8Array(1000), /1000 of at least \d+ bytes/],
    ["file-corrupt", "genai_config.json", "{", /genai_config\.json/],
    ["file-corrupt", "tokenizer_config.json", "\0\0", /tokenizer_config\.json/],
    ["file-corrupt", "config.json", "{", /config\.json/],
    ["not-a-model", "config.json", '{"max_position_embeddings":"x"}', /max_position_embeddings/],
    ["not-a-model", "onnx/model_q4.onnx", "<!doctype html><title>Not found</title>", /not an ONNX model/],
    ["file-missing", "tokenizer.json", undefined, /tokenizer\.json/],
  ] as const)("says %s when %s is bad", async (code, path, content, message) => {
    expect(weights?.size).toBeGreaterThan(5e6);
    const bad = readPackage(replaced(guidePackage(), path, content), { signal });
    await expect(bad).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });
});

describe("OnnxEngine.load", () => {
  const engine = new OnnxEngine({ loadRuntime: nodeOrt });
  const load = (pkg: ModelPackage, at: AbortSignal = signal) =>
    engine.load(pkg, { signal: at, backend: "wasm", onProgress: () => undefined });

  it("finds weights that only a graph inside of an operator names", async () => {
    const pkg = decoderPackage({ flaw: "inner-files", chosenTables: "inside" });
    expect(pkg.files.map(({ path }) => path)).toContain("onnx/long.bin");
    await (await load(pkg)).unload();
    await expect(load(replaced(pkg, "onnx/long.bin", undefined))).rejects.toMatchObject({ code: "file-missing" });
  });

  it("throws `file-corrupt` for a graph that is cut off, and can load the next model", async () => {
    const pkg = randomPackage({ seed: 1, attention: "grouped", positionIds: false });
    const graph = pkg.files.find((file) => file.path === pkg.graph);
    const bytes = new Uint8Array((await graph?.blob.arrayBuffer()) ?? new ArrayBuffer(0));
    await expect(load(replaced(pkg, pkg.graph, bytes.slice(0, bytes.length / 2)))).rejects.toMatchObject({
      code: "file-corrupt",
    });
    await (await load(pkg)).unload();
  });

  it("rejects with the signal's reason, before and during a load", async () => {
    const reason = new Error("changed my mind");
    await expect(load(guidePackage(), AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const loading = engine.load(guidePackage(), {
      signal: controller.signal,
      backend: "wasm",
      onProgress: ({ phase }) => phase === "check" && controller.abort(reason),
    });
    await expect(loading).rejects.toBe(reason);
  });
});
