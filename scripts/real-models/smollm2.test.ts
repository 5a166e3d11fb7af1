/** The engine on real weights, against what other runtimes compute (`references/make.mjs`). */
import { mkdtempSync, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileSource } from "../../src/core";
import { readGguf } from "../../src/gguf";
import type { ChatTokenizer } from "../../src/inference/tokenizer";
import type { LoadedModel } from "../../src/inference";
import { dequantize } from "../../src/inference/onnx/quantized-matrix";
import { readPackage } from "../../src/inference/onnx/package-files";
import { chain, PartsInMemory } from "../../src/pipeline/testing/parts";
import { readGraph } from "../../src/onnx";
import { blockMatrix, floats, reordered } from "./blocks";
import { ggufPath } from "./download.mjs";
import { HASHES_PATH, type Layout, type Precision, realGguf, variant } from "./index";
import { halvesOrder } from "./llama-graph";
import {
  type Answer,
  golden,
  type GoldenAnswer,
  greedyAnswer as answer,
  haveWeights,
  largestDifference,
  realPackage,
  realParts,
  WEIGHTS_HINT,
} from "./testing";

const ID = "smollm2-135m";
/** The id that ends an answer. */
const END_ID = 2;

const signal = new AbortController().signal;
/**
 * Largest difference of log probabilities. Both sides compute with 32-bit floats and differ by 2e-4; a wrong rotation or
 * norm gives whole numbers.
 */
const TOLERANCE = 2e-3;

const listedHashes = JSON.parse(readFileSync(HASHES_PATH, "utf8")) as Readonly<Record<string, string>>;

/** The answers that take least time. */
const short = golden(ID, "answers").filter(({ ids }) => ids.length < 10);

async function load(precision: Precision, layout: Layout): Promise<PartsInMemory> {
  const { pkg, files } = await realParts(ID, precision, layout);
  return new PartsInMemory(pkg, files());
}

/** Uses the model with the layers from `from` on in stages that end at `ends`. */
async function withSplit<T>(
  parts: PartsInMemory,
  from: number,
  ends: readonly number[],
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const borders = [from, ...ends];
  const stages: Awaited<ReturnType<PartsInMemory["stage"]>>[] = [];
  for (const [index, to] of ends.entries()) stages.push(await parts.stage(borders[index]!, to));
  const model = await parts.model(chain(stages), from, borders.at(-1)!);
  const result = await use(model);
  await model.unload();
  for (const stage of stages) await stage.unload();
  return result;
}

function expectGolden({ ids, text }: Answer, { ids: expected, text: expectedText }: GoldenAnswer): void {
  expect(ids).toEqual(expected.filter((id) => id !== END_ID));
  expect(text).toBe(expectedText);
}

describe.skipIf(!haveWeights)(`SmolLM2-135M ${WEIGHTS_HINT}`, () => {
  it("is described by its GGUF file", async () => {
    const { metadata: _, ...facts } = await readGguf(fileSource(await openAsBlob(ggufPath(ID)), signal));
    expect(facts).toMatchObject({
      ...{ architecture: "llama", license: "apache-2.0", fileType: "Q4_1", layers: 30, contextLength: 8192 },
      ...{ parameters: 134_515_008, weightBytes: 96_576_768, vocabularySize: 49_152, embeds: false },
      tokens: { bos: 1, eos: END_ID, eot: undefined, addBos: false },
    });
    expect(facts.chatTemplate).toContain("<|im_start|>");
  });

  it("has the very numbers of the GGUF file in its ONNX graph", async () => {
    const { folder, graph } = await variant(ID, "q4", "external");
    const data = new Uint8Array(readFileSync(`${folder}/${graph}_data`));
    const tensors = new Map(
      readGraph(new Uint8Array(readFileSync(`${folder}/${graph}`))).initializers.map(({ name, external }) => {
        const { offset = 0, length = 0 } = external ?? {};
        return [name, data.slice(offset, offset + length)];
      }),
    );
    const numbers = (name: string): Float32Array => new Float32Array(tensors.get(name)!.buffer);
    const gguf = await realGguf(ID);
    const matrices = [0, 17, 29].flatMap((layer) => [
      [`blk.${layer}.attn_q`, `layers.${layer}.attn.q_proj`, halvesOrder(64)] as const,
      [`blk.${layer}.attn_v`, `layers.${layer}.attn.v_proj`, undefined] as const,
      [`blk.${layer}.ffn_down`, `layers.${layer}.mlp.down_proj`, undefined] as const,
    ]);
    for (const [ours, theirs, order] of matrices) {
      const matrix = blockMatrix(gguf.tensors.get(`${ours}.weight`)!);
      const expected = floats(order ? reordered(matrix, order) : matrix);
      const weight = `model.${theirs}.MatMul.weight`;
      const { rows: N, columns: K, block } = matrix;
      const found = new Float32Array(expected.length); // [K, N]
      dequantize(
        { rows: K, columns: N, bits: 4, blockSize: block },
        { codes: tensors.get(`${weight}_Q4`)!, scales: numbers(`${weight}_scales`), zeroPoints: undefined },
        found,
      );
      const offsets = numbers(`${weight}_offsets`); // [K / block, N]
      const differs = found.findIndex((value, at) => {
        const [k, n] = [Math.floor(at / N), at % N];
        return Math.fround(value + offsets[Math.floor(k / block) * N + n]!) !== expected[n * K + k];
      });
      expect([theirs, differs]).toEqual([theirs, -1]);
    }
  });

  it("is made with the same bytes each time, and again where an older version made it", async () => {
    const root = mkdtempSync(join(tmpdir(), "microgrid-real-"));
    try {
      const made: string[] = [];
      const make = () => variant(ID, "q4", "external", { root, onFile: (file, hash) => made.push(`${file} ${hash}`) });
      const { folder, graph, files } = await make();
      expect(made.toSorted()).toEqual(
        files.map((path) => `${ID}/external/${path} ${listedHashes[`${ID}/external/${path}`]}`).sort(),
      );
      await make();
      expect(made).toHaveLength(files.length);
      writeFileSync(join(folder, `${graph}.sha256`), "the hash of an older version");
      await make();
      expect(made).toHaveLength(2 * files.length);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  describe("its tokenizer", () => {
    let tokenizer: ChatTokenizer;
    beforeAll(async () => {
      ({ tokenizer } = await readPackage(await realPackage(ID, "q4", "external"), { signal }));
    });

    it("cuts awkward texts as llama.cpp does", () => {
      const texts = golden(ID, "texts");
      expect(texts).toHaveLength(500);
      expect(texts.map(({ text }) => ({ text, ids: tokenizer.encode(text) }))).toEqual(texts);
    });

    it("writes the prompts that llama.cpp was given", () => {
      for (const { messages, promptIds } of golden(ID, "answers")) {
        expect(tokenizer.read(messages)).toEqual(promptIds);
      }
    });
  });

  describe("with 32-bit weights", () => {
    let parts: PartsInMemory;
    let whole: LoadedModel;
    beforeAll(async () => {
      parts = await load("fp32", "external");
      whole = await parts.whole();
    });

    it("computes the probabilities of llama.cpp, token by token", async () => {
      const detailed = golden(ID, "answers").filter(({ top }) => top);
      expect(detailed).not.toEqual([]);
      for (const item of detailed) {
        const got = await answer(whole, item);
        expectGolden(got, item);
        expect(largestDifference(got, item)).toBeLessThan(TOLERANCE);
      }
    });

    it.each(short.slice(0, 4).map((item) => [item.messages[0]?.content, item] as const))(
      "answers %j as llama.cpp does, and continues the answer from each token",
      async (_, item) => {
        const got = await answer(whole, item);
        expectGolden(got, item);
        const cut = Math.floor(got.ids.length / 2);
        const start = await answer(whole, { ...item, ids: item.ids.slice(0, cut) });
        expectGolden(await answer(whole, item, start), item);
      },
    );

    it.each([
      ["one stage has all layers", 0, [30]],
      ["layers are at both ends and in one stage", 10, [20]],
      ["two stages have all layers", 0, [7, 30]],
    ] as const)("answers the same where %s, and is continued whole", async (_, from, ends) => {
      const [item] = short;
      const start = await withSplit(parts, from, ends, async (model) => {
        expectGolden(await answer(model, item!), item!);
        return answer(model, { ...item!, ids: item!.ids.slice(0, 3) });
      });
      expectGolden(await answer(whole, item!, start), item!);
    });
  });

  describe.each([
    ["q4", "inline"],
    ["int8", "external"],
  ] as const)("with %s weights, %s", (precision, layout) => {
    let parts: PartsInMemory;
    let whole: LoadedModel;
    let full: Answer;
    const [item] = short;
    beforeAll(async () => {
      parts = await load(precision, layout);
      whole = await parts.whole();
      full = await answer(whole, item!);
    });
    afterAll(() => whole.unload());

    it("answers as llama.cpp does", () => expectGolden(full, item!));

    it("answers the same in parts, which continue the answer of the whole and are continued by it", async () => {
      const begun = { ...item!, ids: item!.ids.slice(0, 3) };
      const start = await answer(whole, begun);
      const inParts = await withSplit(parts, 10, [15, 20], async (model) => {
        const theirs = await answer(model, begun);
        expect(theirs.ids).toEqual(start.ids);
        expect((await answer(model, item!, start)).text).toBe(full.text);
        return theirs;
      });
      const { ids, text } = await answer(whole, item!, inParts);
      expect({ ids, text }).toEqual({ ids: full.ids, text: full.text });
    });
  });

  describe("quantized dynamically", () => {
    let model: LoadedModel;
    beforeAll(async () => {
      // The checks of a load are part of this.
      model = await (await load("q8", "inline")).whole();
    });
    afterAll(() => model.unload());

    it("begins answers nearly as llama.cpp does with the weights that were rounded", async () => {
      const ranks: number[] = [];
      for (const item of golden(ID, "answers")) {
        const [first = NaN] = item.ids;
        const { logprobs } = await answer(model, { ...item, ids: [first] });
        ranks.push(logprobs[0]!.top.findIndex(({ id }) => id === first));
      }
      // Three of 18 begin with another token, as they do with Transformers.js. Then llama.cpp's is the second to fourth best.
      expect(ranks.filter((rank) => rank === 0).length).toBeGreaterThanOrEqual(14);
      expect(ranks.filter((rank) => rank < 0 || rank > 3)).toEqual([]);
    });
  });
});
