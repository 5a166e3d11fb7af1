/** all-MiniLM-L6-v2 against the vectors that ONNX Runtime's build for Python gives for the same file (`references/minilm.py`). */
import { openAsBlob } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cosine } from "../../src/inference/embedding";
import { OnnxEngine } from "../../src/inference/onnx";
import { nodeOrt } from "../../src/inference/testing/node";
import type { LoadedModel } from "../../src/inference";
import { MINILM_FILES, MINILM_GRAPH, haveMinilm, minilmFolder } from "./minilm.mjs";
import { minilmGoldens } from "./testing";

const signal = new AbortController().signal;
const goldens = minilmGoldens();

describe.skipIf(!haveMinilm())("all-MiniLM-L6-v2 (npm run real:models -- minilm brings it)", () => {
  let model: LoadedModel;
  beforeAll(async () => {
    const files = MINILM_FILES.map(async (path) => ({ path, blob: await openAsBlob(join(minilmFolder(), path)) }));
    const names = { id: "tests/minilm", name: "all-MiniLM-L6-v2", packageHash: "minilm", graph: MINILM_GRAPH };
    const engine = new OnnxEngine({ loadRuntime: nodeOrt });
    const pkg = { engine: "onnx", ...names, files: await Promise.all(files) } as const;
    model = await engine.load(pkg, { signal, backend: "wasm", onProgress: () => undefined });
  });

  it("has the window and the dimensions that its files say", () => {
    expect(model.info).toMatchObject({ contextLength: 256, embedding: { dimensions: 384 } });
  });

  it("gives the reference's vectors, alone and in batches", async () => {
    expect(goldens.length).toBeGreaterThanOrEqual(50);
    const inputs = goldens.map(({ text }) => text);
    const { vectors, dimensions, promptTokens } = await model.embed({ model: "m", inputs }, { signal });
    expect(promptTokens).toBe(goldens.reduce((sum, { tokens }) => sum + tokens, 0));
    for (const [index, { text, vector }] of goldens.entries()) {
      const found = vectors.subarray(index * dimensions, (index + 1) * dimensions);
      expect(cosine(found, vector), text).toBeGreaterThan(0.9999);
    }
    for (const { text, tokens, vector } of goldens.slice(0, 5)) {
      const alone = await model.embed({ model: "m", inputs: [text] }, { signal });
      expect(alone.promptTokens).toBe(tokens);
      expect(cosine(alone.vectors, vector), text).toBeGreaterThan(0.9999);
    }
  });

  it("knows what means the same", () => {
    const of = (text: string): Float32Array => goldens.find((golden) => golden.text === text)!.vector;
    const near = cosine(of("A cat is sleeping on the sofa."), of("A kitten takes a nap on the couch."));
    expect(near).toBeGreaterThan(
      cosine(of("A cat is sleeping on the sofa."), of("The stock market fell sharply today.")),
    );
  });

  it("refuses a text that is longer than its window, with both lengths", async () => {
    await expect(model.embed({ model: "m", inputs: ["word ".repeat(255)] }, { signal })).rejects.toMatchObject({
      ...{ code: "context-exceeded", message: expect.stringMatching(/257 tokens.*at most 256/) as string },
    });
  });
});

it("the reference's vectors are there, and have length 1", () => {
  for (const { vector } of goldens) expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
});
