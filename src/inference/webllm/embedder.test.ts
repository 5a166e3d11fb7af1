/** WebLLM's embedding models, over a library that counts what it is given. */
import { describe, expect, it } from "vitest";
import { WORDPIECE } from "../testing/embedder-fixtures";
import { ChatTokenizer } from "../tokenizer";
import { type VectorEngine, WebLlmEmbedder, checkVectors } from "./embedder";

const signal = new AbortController().signal;

/** A vector that tells the first id and the number of ids. */
class FakeLibrary {
  readonly batches: (readonly number[])[][] = [];
  unloaded = false;
  failure: Error | undefined;
  onBatch: () => unknown = () => undefined;

  async embedding({ input }: { input: number[][] }) {
    this.batches.push(input);
    this.onBatch();
    await Promise.resolve();
    if (this.failure) throw this.failure;
    expect(this.unloaded).toBe(false);
    return { data: input.map((ids) => ({ embedding: [3 * ids.length, 4 * ids.length, 0] })) };
  }

  unload(): Promise<void> {
    this.unloaded = true;
    return Promise.resolve();
  }

  get engine(): VectorEngine {
    return this as unknown as VectorEngine;
  }
}

async function loaded() {
  const library = new FakeLibrary();
  const tokenizer = await ChatTokenizer.parse({ tokenizer: WORDPIECE, config: undefined, template: false });
  const info = {
    ...({ id: "m", name: "M", packageHash: "p", tokenizerHash: "t", engine: "webllm", backend: "webgpu" } as const),
    ...{ contextLength: 16, prefillChunk: 16, kvInPlace: false, embedding: { dimensions: 3 } },
  } as const;
  return { library, model: new WebLlmEmbedder({ info, tokenizer, engine: library.engine }) };
}

describe("a WebLLM model for embeddings", () => {
  it("gives the library ids in batches, and brings its vectors to length 1", async () => {
    const { library, model } = await loaded();
    const inputs = Array.from({ length: 70 }, (_, index) => (index % 2 === 0 ? "hello" : "hello world"));
    const { vectors, dimensions, promptTokens } = await model.embed({ model: "m", inputs }, { signal });
    expect(library.batches.map(({ length }) => length)).toEqual([32, 32, 6]);
    expect(library.batches[0]![0]).toEqual(library.batches[0]![1]);
    expect(promptTokens).toBe(35 * 3 + 35 * 4);
    expect([dimensions, vectors.length]).toEqual([3, 210]);
    expect([...vectors.slice(0, 3)].map((value) => value.toFixed(3))).toEqual(["0.600", "0.800", "0.000"]);
  });

  it("refuses inputs beyond its window and chats, and stops when it is aborted", async () => {
    const { library, model } = await loaded();
    await expect(model.embed({ model: "m", inputs: ["hello ".repeat(20)] }, { signal })).rejects.toMatchObject({
      ...{ code: "context-exceeded", message: expect.stringMatching(/22 tokens.*at most 16/) as string },
    });
    expect(() => model.generate()).toThrow(/answers no chats/);
    const abort = new AbortController();
    library.onBatch = () => abort.abort(new Error("enough"));
    const inputs = new Array<string>(100).fill("hello");
    await expect(model.embed({ model: "m", inputs }, { signal: abort.signal })).rejects.toThrow("enough");
    expect(library.batches).toHaveLength(1);
  });

  it("frees its memory after the batch that runs, and ends what waits", async () => {
    const { library, model } = await loaded();
    let unloaded: Promise<void> | undefined;
    library.onBatch = () => (unloaded ??= model.unload());
    const work = model.embed({ model: "m", inputs: new Array<string>(100).fill("hello") }, { signal });
    await expect(work).rejects.toMatchObject({ code: "model-not-loaded" });
    await unloaded;
    expect(library.unloaded).toBe(true);
    expect(library.batches).toHaveLength(1);
  });

  it("explains the library's errors", async () => {
    const { library, model } = await loaded();
    library.failure = Object.assign(new Error("the device was lost"), { name: "DeviceLostError" });
    await expect(model.embed({ model: "m", inputs: ["a"] }, { signal })).rejects.toMatchObject({
      code: "out-of-memory",
    });
  });

  it("is checked with a text before it is used", async () => {
    const { library } = await loaded();
    const check = await checkVectors(library.engine, "m", [1, 2, 3, 4]);
    expect(check).toMatchObject({ prefillChunk: 4, embedding: { dimensions: 3 } });
    expect(check.prefillRate).toBeGreaterThan(0);
    const broken = { embedding: () => Promise.resolve({ data: [{ embedding: [NaN, NaN] }] }) };
    await expect(checkVectors(broken as never, "m", [1])).rejects.toMatchObject({ code: "out-of-memory" });
  });
});
