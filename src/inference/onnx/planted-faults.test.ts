/** Kernels that compute wrong results, planted under the guide model: loading it must never end well in silence. */
import { describe, expect, it, vi } from "vitest";
import { guideFile, guidePackage, randomPackage, watchedOrt } from "../testing/node";
import type { ModelPackage } from "../types";
import { ChatTokenizer } from "../tokenizer";
import { OnnxEngine } from "./engine";
import { KeptTokenizer } from "./kept-tokenizer";
import type { Ort } from "./runtime";

/** Decides from the number of tokens in a run, and of those in the cache before it, whether its results are wrong. */
type Fault = (run: { readonly tokens: number; readonly past: number }) => boolean;

/** ONNX Runtime with a kernel that gives each token the logit of the next one, wherever `fault` says so. */
function faultyOrt(fault: Fault): Promise<Ort> {
  return watchedOrt(({ feeds, outputs }) => {
    const [tokens, past] = [feeds.input_ids?.dims[1] ?? 0, feeds["past_key_values.0.key"]?.dims[2] ?? 0];
    const logits = outputs.logits?.data as Float32Array | undefined;
    if (logits && fault({ tokens, past })) logits.set(Float32Array.from([...logits.subarray(1), logits[0]!]));
  });
}

async function load(pkg: ModelPackage, fault: Fault) {
  const engine = new OnnxEngine({ loadRuntime: () => faultyOrt(fault) });
  const signal = new AbortController().signal;
  const model = await engine.load(pkg, { signal, backend: "wasm", onProgress: () => undefined });
  await model.unload();
  return model.info;
}

describe("a model on a backend", () => {
  it("without a fault is far less surprised at a well-known answer than a blind guess", async () => {
    const { surprise } = await load(guidePackage(), () => false);
    expect(surprise).toBeLessThan(0.3 * Math.log(2048));
  });

  it.each<[string, Fault]>([
    ["always", () => true],
    ["only after a cached text", ({ past }) => past > 0],
    ["only for single tokens", ({ tokens }) => tokens === 1],
    ["only for single tokens after a cached text", ({ tokens, past }) => tokens === 1 && past > 0],
    ["for everything but single tokens", ({ tokens }) => tokens > 1],
  ])("that is wrong %s is refused", async (_, fault) => {
    await expect(load(guidePackage(), fault)).rejects.toMatchObject({ code: "wrong-results" });
  });

  it.each<[string, Fault, number]>([
    ["48 tokens", ({ tokens }) => tokens === 48, 31],
    ["31 tokens", ({ tokens }) => tokens === 31, 48],
    ["more than 8 tokens", ({ tokens }) => tokens > 8, 8],
  ])("that is wrong for %s at once reads in other pieces", async (_, fault, prefillChunk) => {
    expect(await load(guidePackage(), fault)).toMatchObject({ prefillChunk });
  });
});

describe("a model that is loaded again after a failure", () => {
  it("has its tokenizer parsed once, until it is loaded", async () => {
    const parse = vi.spyOn(ChatTokenizer, "parse");
    let broken = true;
    const engine = new OnnxEngine({ loadRuntime: () => faultyOrt(() => broken) });
    const again = () =>
      engine.load(guidePackage(), {
        signal: new AbortController().signal,
        backend: "wasm",
        onProgress: () => undefined,
      });
    await expect(again()).rejects.toMatchObject({ code: "wrong-results" });
    broken = false;
    const model = await again();
    expect(parse).toHaveBeenCalledTimes(1);
    await model.unload();
    await (await again()).unload();
    expect(parse).toHaveBeenCalledTimes(2);
    parse.mockRestore();
  });

  it("has other files parsed again, also after a tokenizer that could not be", async () => {
    const kept = new KeptTokenizer();
    const texts = { tokenizer: guideFile("tokenizer.json"), config: undefined, template: false } as const;
    await expect(kept.parse({ ...texts, tokenizer: "{}" })).rejects.toThrow();
    const [one, same] = [await kept.parse(texts), await kept.parse(texts)];
    expect(same).toBe(one);
    expect(await kept.parse({ ...texts, config: "{}" })).not.toBe(one);
  });
});

describe("a model with random weights", () => {
  const pkg = randomPackage({ seed: 7, attention: "grouped", positionIds: true });

  it("is judged like a trained one unless its configuration says what it is", async () => {
    const files = pkg.files.map((file) => {
      const config = { max_position_embeddings: 512, num_attention_heads: 4, num_key_value_heads: 2, hidden_size: 64 };
      return file.path === "config.json" ? { ...file, blob: new Blob([JSON.stringify(config)]) } : file;
    });
    await expect(load({ ...pkg, files }, () => false)).rejects.toMatchObject({ code: "wrong-results" });
    expect((await load(pkg, () => false)).surprise).toBeGreaterThan(0);
  });
});
