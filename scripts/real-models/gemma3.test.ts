/**
 * The engine on real weights of Gemma 3 270M, a base model: a vocabulary of 262,144 tokens, windows, tied embeddings, norms on
 * queries, keys and branches. Compared with what llama.cpp computes (`references/make.mjs`).
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { LoadedModel } from "../../src/inference";
import { readPackage } from "../../src/inference/onnx/package-files";
import type { ChatTokenizer } from "../../src/inference/tokenizer";
import { chain, PartsInMemory } from "../../src/pipeline/testing/parts";
import { haveGguf } from "./download.mjs";
import { golden, greedyAnswer, largestDifference, realPackage, realParts } from "./testing";

const ID = "gemma3-270m";
/** Tokens that a layer with a window sees. */
const WINDOW = 512;
/** Largest difference of log probabilities: llama.cpp looks up GELU in a table of 16-bit numbers. */
const TOLERANCE = 2e-2;

/** Each step takes seconds, since ONNX Runtime expands all codes again; on a busy machine, many times as long. */
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

const signal = new AbortController().signal;

describe.skipIf(!haveGguf(ID))("Gemma 3 270M (npm run real:models -- gemma3-270m brings the weights)", () => {
  const answers = golden(ID, "answers");
  const [long, ...others] = answers;

  describe("its tokenizer", () => {
    let tokenizer: ChatTokenizer;
    beforeAll(async () => {
      ({ tokenizer } = await readPackage(await realPackage(ID, "int8", "external"), { signal }));
    });

    it("cuts awkward texts as llama.cpp does", () => {
      const texts = golden(ID, "texts");
      expect(texts.map(({ text }) => ({ text, ids: tokenizer.encode(text) }))).toEqual(texts);
    });

    it("gives back every text that it has cut", () => {
      const texts = golden(ID, "texts").map(({ text }) => text);
      expect(texts.map((text) => tokenizer.decode(tokenizer.encode(text)))).toEqual(texts);
    });

    it("writes the prompts that llama.cpp was given", () => {
      for (const { messages, promptIds } of answers) expect(tokenizer.read(messages)).toEqual(promptIds);
    });
  });

  describe.skipIf(!process.env.MICROGRID_REAL_GEMMA)("its graph (only with MICROGRID_REAL_GEMMA=1)", () => {
    let parts: PartsInMemory;
    let whole: LoadedModel;
    beforeAll(async () => {
      const { pkg, files } = await realParts(ID, "int8", "external");
      parts = new PartsInMemory(pkg, files());
      whole = await parts.whole();
    });
    afterAll(() => whole.unload());

    it.each(others.map((item) => [item.messages[0]?.content, item] as const))(
      "continues %j as llama.cpp does",
      async (_, item) => {
        const { text, ids, logprobs } = await greedyAnswer(whole, item);
        expect({ text, ids }).toEqual({ text: item.text, ids: item.ids });
        if (item.top) expect(largestDifference({ text, ids, logprobs }, item)).toBeLessThan(TOLERANCE);
      },
    );

    it("continues a text that is longer than its windows, with the probabilities of llama.cpp", async () => {
      expect(long!.promptIds.length).toBeGreaterThan(WINDOW);
      const got = await greedyAnswer(whole, long!);
      expect(got.ids).toEqual(long!.ids);
      expect(largestDifference(got, long!)).toBeLessThan(TOLERANCE);
    });

    it("answers the same with its layers in stages, and is continued whole", async () => {
      const [item] = others;
      const stages = [await parts.stage(0, 7), await parts.stage(7, 18)];
      const model = await parts.model(chain(stages), 0, 18);
      const start = await greedyAnswer(model, { ...item!, ids: item!.ids.slice(0, 4) });
      expect(start.ids).toEqual(item!.ids.slice(0, 4));
      expect((await greedyAnswer(whole, item!, start)).ids).toEqual(item!.ids);
      await model.unload();
      for (const stage of stages) await stage.unload();
    });
  });
});
