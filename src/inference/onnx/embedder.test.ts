/**
 * Embedding models against another runtime: `scripts/embedding-goldens/goldens.py` computes both models in NumPy, token ids
 * included. `EMBEDDER_FIXTURES=<folder>` writes the files that it reads.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cosine } from "../embedding";
import {
  type OtherFiles,
  WORDPIECE,
  embedderPackage,
  randomEmbeddingDecoder,
  randomEncoder,
} from "../testing/embedder-fixtures";
import { guidePackage, nodeOrt } from "../testing/node";
import type { Embedded, EmbeddingRequest, LoadedModel, ModelPackage } from "../types";
import { OnnxEngine } from "./engine";

interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
  readonly vector: readonly number[];
}

const signal = new AbortController().signal;
const PATH = new URL("../testing/embedding-goldens.json", import.meta.url);
const LAST = { "1_Pooling/config.json": { pooling_mode_lasttoken: true } };
const MODELS: Readonly<
  Record<string, { readonly model: Uint8Array; readonly golden: string; readonly others?: OtherFiles }>
> = {
  "an encoder": { model: randomEncoder(), golden: "encoder" },
  "an encoder that pools by itself": { model: randomEncoder({ pooled: true }), golden: "encoder" },
  "a decoder with a cache": { model: randomEmbeddingDecoder({}), golden: "decoder", others: LAST },
  "a decoder with spelled-out attention": {
    ...{
      model: randomEmbeddingDecoder({ attention: "primitive", positions: "rotary", positionIds: true }),
      golden: "rotary",
      others: LAST,
    },
  },
};
const folder = process.env.EMBEDDER_FIXTURES;
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/tokenizer.json`, WORDPIECE);
  for (const { model, golden } of Object.values(MODELS)) writeFileSync(`${folder}/${golden}.onnx`, model);
}

/** Runs of graphs so far. A model whose batches give other vectors than texts alone would do without them. */
let runs = 0;
async function countingOrt(): Promise<Awaited<ReturnType<typeof nodeOrt>>> {
  const ort = await nodeOrt();
  const create = async (...args: Parameters<typeof ort.InferenceSession.create>) => {
    const session = await ort.InferenceSession.create(...args);
    const run = session.run.bind(session) as (...of: unknown[]) => ReturnType<typeof session.run>;
    return Object.assign(session, { run: (...of: unknown[]) => (runs++, run(...of)) });
  };
  return { ...ort, InferenceSession: { create } } as typeof ort;
}

const engine = new OnnxEngine({ loadRuntime: countingOrt });
function load(pkg: ModelPackage): Promise<LoadedModel> {
  return engine.load(pkg, { signal, backend: "wasm", onProgress: () => undefined });
}
function encoder(others: OtherFiles = {}, shape: Parameters<typeof randomEncoder>[0] = {}): Promise<LoadedModel> {
  return load(embedderPackage(randomEncoder(shape), others));
}
function ask(inputs: EmbeddingRequest["inputs"], dimensions?: number): EmbeddingRequest {
  return { model: "test/encoder", inputs, ...(dimensions !== undefined && { dimensions }) };
}
function rows({ vectors, dimensions }: Embedded): Float32Array[] {
  return Array.from({ length: vectors.length / dimensions }, (_, at) =>
    vectors.slice(at * dimensions, (at + 1) * dimensions),
  );
}

describe.each(Object.entries(MODELS))("%s", (_, { model, golden, others }) => {
  const goldens = (JSON.parse(readFileSync(PATH, "utf8")) as Record<string, Golden[]>)[golden]!;

  it.each(["alone", "together"])("gives the other runtime's vectors for texts %s", async (how) => {
    const loaded = await load(embedderPackage(model, others));
    const texts = goldens.map(({ text }) => text);
    const asked = how === "alone" ? texts.map((text) => [text]) : [texts];
    const before = runs;
    const answers = [];
    for (const inputs of asked) answers.push(await loaded.embed(ask(inputs), { signal }));
    if (how === "together") expect(runs - before).toBeLessThan(texts.length);
    const vectors = answers.flatMap(rows);
    expect(vectors).toHaveLength(goldens.length);
    for (const [index, { vector }] of goldens.entries()) {
      for (const [at, value] of vector.entries()) expect(vectors[index]?.[at]).toBeCloseTo(value, 4);
    }
    const tokens = goldens.reduce((sum, { ids }) => sum + ids.length, 0);
    expect(answers.reduce((sum, { promptTokens }) => sum + promptTokens, 0)).toBe(tokens);
    // The ids themselves give the same, without anything that the tokenizer adds.
    const again = await loaded.embed(ask([goldens[1]!.ids]), { signal });
    expect(cosine(rows(again)[0]!, vectors[1]!)).toBeGreaterThan(0.99999);
    await loaded.unload();
  });
});

describe("an embedding model", () => {
  it("says what it is for, and refuses chats", async () => {
    const model = await encoder();
    expect(model.info).toMatchObject({ embedding: { dimensions: 32 }, contextLength: 48, backend: "wasm" });
    expect(model.info.prefillRate).toBeGreaterThan(0);
    const chat = { model: "m", messages: [{ role: "user", content: "Hi" }], sampling: {}, maxTokens: 1 } as const;
    await expect(
      (async () => {
        for await (const _ of model.generate(chat, { signal }));
      })(),
    ).rejects.toMatchObject({
      code: "unsupported-model",
      message: expect.stringContaining("answers no chats") as string,
    });
  });

  it("computes many texts in batches without mixing them up", async () => {
    const model = await encoder();
    const texts = Array.from({ length: 100 }, (_, index) => "cat ".repeat(1 + ((index * 7) % 30)) + String(index));
    const all = rows(await model.embed(ask(texts), { signal }));
    for (const index of [0, 1, 50, 99]) {
      const alone = rows(await model.embed(ask([texts[index]!]), { signal }))[0]!;
      expect(cosine(all[index]!, alone)).toBeGreaterThan(0.9999);
      expect(cosine(all[index]!, all[(index + 1) % 100]!)).toBeLessThan(0.999);
    }
  });

  it("computes texts one by one if the graph lets them depend on each other", async () => {
    const model = await encoder({}, { rounded: true });
    const texts = ["hello", "the cat sat on the mat", "a model"];
    const all = rows(await model.embed(ask(texts), { signal }));
    for (const [index, text] of texts.entries()) {
      expect(rows(await model.embed(ask([text]), { signal }))[0]).toEqual(all[index]);
    }
  });

  it("cuts vectors to fewer dimensions, and refuses more than there are", async () => {
    const model = await encoder();
    const [whole] = rows(await model.embed(ask(["hello world"]), { signal }));
    const [cut] = rows(await model.embed(ask(["hello world"], 8), { signal }));
    expect(cut).toHaveLength(8);
    expect(Math.hypot(...cut!)).toBeCloseTo(1, 5);
    expect(cosine(cut!, whole!.slice(0, 8))).toBeCloseTo(1, 5);
    await expect(model.embed(ask(["hello"], 33), { signal })).rejects.toMatchObject({
      ...{ code: "bad-request", message: expect.stringMatching(/32 dimensions.* 33/) as string },
    });
  });

  it.each([
    ["a text that is too long", ["cat ".repeat(60)], "context-exceeded", /“cat cat.*62 tokens.*at most 48/],
    ["ids that are too many", [new Array<number>(49).fill(5)], "context-exceeded", /49 tokens.*at most 48/],
    ["ids of another tokenizer", [[2, 7592, 3]], "bad-request", /token 7592.*its own tokenizer/],
  ])("refuses %s", async (_, inputs, code, message) => {
    const model = await encoder();
    await expect(model.embed(ask(["hello", ...inputs]), { signal })).rejects.toMatchObject({
      ...{ code, message: expect.stringMatching(message) as string },
    });
  });

  it("stops between two batches when it is aborted, and when it is unloaded", async () => {
    const model = await encoder();
    const texts = Array.from({ length: 2000 }, (_, index) => `model ${index}`);
    const abort = new AbortController();
    const stopped = model.embed(ask(texts), { signal: abort.signal });
    const gone = model.embed(ask(texts), { signal });
    abort.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
    void model.unload();
    await expect(gone).rejects.toMatchObject({ code: "model-not-loaded" });
  });

  it.each([
    ["the first token", { pooling_mode_cls_token: true }, 32],
    ["the largest numbers", { pooling_mode: "max" }, 32],
    ["two modes in a row", { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true }, 64],
  ])("pools %s as its file says", async (_, file, dimensions) => {
    const model = await encoder({ "1_Pooling/config.json": file });
    const [vector] = rows(await model.embed(ask(["hello world"]), { signal }));
    expect(vector).toHaveLength(dimensions);
    const mean = rows(await (await encoder()).embed(ask(["hello world"]), { signal }))[0]!;
    expect(Math.abs(cosine(vector!.slice(0, 32), mean))).toBeLessThan(0.999);
    if (dimensions === 64) expect(cosine(vector!.slice(32), mean)).toBeCloseTo(1, 5);
  });

  const modules = (...kinds: string[]) => ({
    "modules.json": kinds.map((kind) => ({ type: `sentence_transformers.models.${kind}` })),
  });
  it.each([
    ["a module of another kind", modules("Transformer", "Pooling", "Dense"), "unsupported-model", /of the kind Dense/],
    ["a missing pooling file", { "1_Pooling/config.json": undefined }, "file-missing", /1_Pooling/],
    ["a damaged file", { "modules.json": { type: 1 } }, "file-corrupt", /modules.json/],
    [
      "weights by position",
      { "1_Pooling/config.json": { pooling_mode_weightedmean_tokens: true } },
      "unsupported-model",
      /weightedmean/,
    ],
    [
      "no statement",
      { "modules.json": undefined, "1_Pooling/config.json": undefined },
      "unsupported-model",
      /does not say/,
    ],
  ])("is refused for %s", async (_, others, code, message) => {
    await expect(encoder(others)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it("takes the pooling of a well-known family where its repository leaves it out", async () => {
    const others = { "modules.json": undefined, "1_Pooling/config.json": undefined };
    const model = await encoder({
      ...others,
      "config.json": {
        max_position_embeddings: 64,
        untrained: true,
        _name_or_path: "sentence-transformers/all-MiniLM-L6-v2",
      },
    });
    const [vector] = rows(await model.embed(ask(["hello world"]), { signal }));
    const [mean] = rows(await (await encoder()).embed(ask(["hello world"]), { signal }));
    expect(cosine(vector!, mean!)).toBeCloseTo(1, 6);
  });

  it("leaves the length of vectors as it is without a Normalize module, and needs no token types", async () => {
    const model = await encoder(modules("Transformer", "Pooling"), { tokenTypes: false });
    const [vector] = rows(await model.embed(ask(["hello world"]), { signal }));
    expect(Math.abs(Math.hypot(...vector!) - 1)).toBeGreaterThan(0.01);
  });

  it("has positions for fewer tokens than the configuration says if they begin behind the padding", async () => {
    const config = { model_type: "xlm-roberta", pad_token_id: 1, max_position_embeddings: 40, untrained: true };
    expect((await encoder({ "config.json": config })).info.contextLength).toBe(38);
  });
});

it("a chat model makes no embeddings, and says so", async () => {
  const guide = await load(guidePackage());
  await expect(guide.embed({ model: "guide", inputs: ["Hi"] }, { signal })).rejects.toMatchObject({
    ...{ code: "unsupported-model", message: expect.stringContaining("Guide answers chats") as string },
  });
});
