/** The `onnx` engine in a real browser: in its worker, behind the supervisor, on WASM and on software WebGPU. */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { Backend, ChatMessage, LoadedModelInfo } from "../src/inference";
import type { RandomModelOptions } from "../src/inference/testing";
import { FAMILIES } from "../src/inference/testing/families";
import { expect, test } from "./harness";
import { pretendCores } from "./harness/cores";
import { GUIDE, type OnnxSite, type SiteModel, startOnnxSite } from "./onnx-page/site";

interface GoldenItem {
  readonly messages: readonly ChatMessage[];
  readonly prompt_ids: readonly number[];
  readonly completion_ids: readonly number[];
  readonly completion: string;
}

const golden = (
  JSON.parse(readFileSync(new URL("./fixtures/golden.json", import.meta.url), "utf8")) as { items: GoldenItem[] }
).items;
const STORY = [{ role: "user", content: "Tell me a story about a robot" }] as const;
let site: OnnxSite;
test.beforeAll(async () => {
  site = await startOnnxSite();
});
test.afterAll(() => site.close());

async function open(page: Page, url = site.url): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => "onnx" in window);
}

function load(page: Page, model: SiteModel, backend: Backend): Promise<LoadedModelInfo> {
  return page.evaluate(([m, b]) => window.onnx.load(m.folder, m.graph, m.files, b), [model, backend] as const);
}

test.describe("on WASM", () => {
  test("gives all golden completions, token by token", async ({ page }) => {
    await open(page);
    expect(await load(page, GUIDE, "wasm")).toMatchObject({ backend: "wasm", prefillChunk: 48, contextLength: 1024 });
    for (const item of golden) {
      const answer = await page.evaluate((messages) => window.onnx.answer("guide", { messages }), item.messages);
      expect(answer.error).toBeUndefined();
      expect(answer.ids).toEqual(item.completion_ids.slice(0, -1));
      expect(answer.text).toBe(item.completion);
      expect(answer.events.at(-1)).toMatchObject({
        type: "done",
        finishReason: "stop",
        usage: { promptTokens: item.prompt_ids.length },
      });
    }
  });

  test("repeats a seeded answer, and gives another for another seed", async ({ page }) => {
    await open(page);
    await load(page, GUIDE, "wasm");
    const sampling = { temperature: 2.5, topK: 0, topP: 0.98, minP: 0, repetitionPenalty: 1.05 };
    const ask = (seed: number) =>
      page.evaluate((request) => window.onnx.answer("guide", request), {
        messages: STORY,
        sampling,
        seed,
        maxTokens: 30,
      });
    const [one, again, other] = [await ask(11), await ask(11), await ask(12)];
    expect(one.ids).toHaveLength(30);
    expect(again.ids).toEqual(one.ids);
    expect(other.ids).not.toEqual(one.ids);
  });

  for (const how of ["abort", "leave"] as const) {
    test(`stops within a token on ${how}, and answers the next request`, async ({ page }) => {
      await open(page);
      await load(page, GUIDE, "wasm");
      const cut = await page.evaluate(
        ([messages, h]) => window.onnx.answer("guide", { messages }, { leaveAfter: 3, how: h }),
        [STORY, how] as const,
      );
      // Tokens of one batch arrive together, so a few more may have been on their way; the whole has 124.
      expect(cut.ids.length).toBeGreaterThanOrEqual(3);
      expect(cut.ids.length).toBeLessThan(32);
      expect(cut.error?.code).toBe(how === "abort" ? "aborted" : undefined);
      // The cache shows how much the engine had computed: the prompt, and hardly more tokens than were read.
      const next = await page.evaluate((messages) => window.onnx.answer("guide", { messages, maxTokens: 200 }), STORY);
      expect(next.ids.slice(0, cut.ids.length)).toEqual(cut.ids);
      expect(next.text).toBe(golden.find((item) => item.messages[0]?.content === STORY[0].content)?.completion);
    });
  }

  test("serves two requests at once, each as if alone", async ({ page }) => {
    await open(page);
    await load(page, GUIDE, "wasm");
    const items = golden.slice(1, 3);
    const answers = await page.evaluate(
      (chats) => Promise.all(chats.map((messages) => window.onnx.answer("guide", { messages }))),
      items.map((item) => item.messages),
    );
    expect(answers.map((answer) => answer.text)).toEqual(items.map((item) => item.completion));
  });

  test("notices a worker that ends silently, and loads again", async ({ page }) => {
    await open(page);
    await load(page, GUIDE, "wasm");
    // All in the page: the answer could be complete before a call from outside arrives.
    const answer = await page.evaluate(async (messages) => {
      const { onnx } = window;
      const answering = onnx.answer("guide", { messages });
      while (onnx.engines.jobs.running === 0) await new Promise((resolve) => setTimeout(resolve));
      onnx.killWorker();
      return answering;
    }, STORY);
    expect(answer.error).toMatchObject({ code: "worker-crashed" });
    expect(await page.evaluate(() => window.onnx.lost)).toHaveLength(1);
    expect(await load(page, GUIDE, "wasm")).toMatchObject({ id: "guide" });
  });

  test("uses threads on an isolated page, with the same answer", async ({ page }) => {
    await pretendCores(page, 4);
    await open(page, site.isolatedUrl);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await load(page, GUIDE, "wasm");
    const answer = await page.evaluate(
      (messages) => window.onnx.answer("guide", { messages }),
      golden[0]?.messages ?? [],
    );
    expect(answer.text).toBe(golden[0]?.completion);
    // The engine's worker is the first thread.
    expect(page.workers()).toHaveLength(2);
  });

  test("runs in a page of another origin, from a blob", async ({ page }) => {
    // Another name of the same machine is another origin; the script and its files stay on the first.
    const other = site.url.replace("127.0.0.1", "localhost");
    await page.goto(`${other}blank.html`);
    await page.addScriptTag({ type: "module", content: `import ${JSON.stringify(await entryOf(site.url))};` });
    await page.waitForFunction(() => "onnx" in window);
    await load(page, { ...GUIDE, folder: `${other}models/guide` }, "wasm");
    const answer = await page.evaluate(
      (messages) => window.onnx.answer("guide", { messages }),
      golden[0]?.messages ?? [],
    );
    expect(answer.text).toBe(golden[0]?.completion);
  });

  test("gives the same answer with every kind of attention, cache and weight file", async ({ page }) => {
    await open(page);
    await expectSameAnswers(page, "wasm", [
      { attention: "grouped", positionIds: true },
      { attention: "primitive", positionIds: true, externalFiles: ["weights_0", "weights_1", "weights_2"] },
      { attention: "primitive", positionIds: false },
      { attention: "primitive", positionIds: true, cacheType: "float16" },
      { attention: "grouped", positionIds: true, cacheType: "float16" },
    ]);
  });

  test("explains what is wrong with a model, and loads the next one", async ({ page }) => {
    await open(page);
    const code = (model: SiteModel) =>
      page.evaluate(
        (m) =>
          window.onnx
            .load(m.folder, m.graph, m.files, "wasm")
            .then(String, (error: unknown) => (error as { code: string }).code),
        model,
      );
    expect(await code({ ...GUIDE, files: GUIDE.files.filter((file) => !file.endsWith("_data")) })).toBe("file-missing");
    expect(await code({ ...GUIDE, graph: "config.json" })).toBe("not-a-model");
    const strange = site.addRandomModel("strange", {
      seed: 1,
      attention: "grouped",
      positionIds: false,
      strangeInput: "pixel_values",
    });
    expect(await code(strange)).toBe("unsupported-model");
    expect(await load(page, GUIDE, "wasm")).toMatchObject({ id: "guide" });
  });
});

test.describe("on software WebGPU", () => {
  test("trusts chunks below 32 tokens only, binds caches in place, and gives golden completions", async ({ page }) => {
    await open(page);
    expect((await page.evaluate(() => window.onnx.probe())).webgpu).toMatchObject({ software: true });
    const info = await load(page, GUIDE, "webgpu");
    expect(info).toMatchObject({ backend: "webgpu", kvInPlace: true });
    expect(info.prefillChunk).toBeLessThan(48);
    // The first is short; the other two have prompts of 41 and 44 tokens, which one call computes wrongly.
    for (const item of [golden[0], golden[16], golden[17]]) {
      const count = Math.min(5, (item?.completion_ids.length ?? 1) - 1);
      const answer = await page.evaluate(
        ([messages, maxTokens]) => window.onnx.answer("guide", { messages, maxTokens }),
        [item?.messages ?? [], count] as const,
      );
      expect(answer.ids).toEqual(item?.completion_ids.slice(0, count));
    }
  });

  test("gives the same answer in place, with growing caches, and with primitive attention", async ({ page }) => {
    await open(page);
    const infos = await expectSameAnswers(page, "webgpu", [
      { attention: "grouped", positionIds: true },
      { attention: "grouped", positionIds: true, cacheReader: true },
      { attention: "primitive", positionIds: true },
      { attention: "primitive", positionIds: false },
    ]);
    expect(infos.map((info) => info.kvInPlace)).toEqual([true, false, false, false]);
  });

  test("finds the likeliest tokens without reading the others", async ({ page }) => {
    await open(page);
    const select = (type: "float32" | "float16", options: Parameters<typeof window.onnx.likeliest>[1]) =>
      page.evaluate(([kind, more]) => window.onnx.likeliest(kind, more), [type, options] as const);
    for (const type of ["float32", "float16"] as const) {
      for (const [vocabulary, count, levels] of [
        [2048, 1, 1024],
        [49_153, 40, 1024],
        [152_001, 300, 1024],
      ] as const) {
        for (const noNumbers of [false, true]) {
          const results = await select(type, { vocabulary, count, levels, noNumbers });
          const what = `${count} of ${vocabulary}, ${type}`;
          expect(
            results?.map(({ right }) => right),
            what,
          ).toEqual([true, true]);
          for (const { size } of results!) expect(size, what).toBeLessThan(Math.max(256, 4 * count));
        }
      }
    }
    // Many that are equally likely, and many that are asked for, are for the CPU.
    expect(await select("float32", { vocabulary: 49_152, count: 40, levels: 4 })).toBeUndefined();
    expect(await select("float32", { vocabulary: 49_152, count: 5000, levels: 1024 })).toBeUndefined();
    expect(await select("float32", { vocabulary: 320, count: 1, levels: 1024 })).toBeUndefined();
  });

  test("chooses from the likeliest tokens as from all", async ({ page }) => {
    await open(page);
    await load(page, site.addRandomModel("chosen", { seed: 4, attention: "grouped", positionIds: true }), "webgpu");
    for (const [temperature, seed] of [
      [0, 1],
      [1.5, 1],
      [1.5, 2],
    ] as const) {
      const sampling = { temperature, topK: 30, topP: 0.95, minP: 0, repetitionPenalty: 1.2 };
      const request = { messages: STORY, sampling, seed, maxTokens: 10 };
      const ids = async (logprobs?: number) =>
        (
          await page.evaluate((more) => window.onnx.answer("chosen", more), {
            ...request,
            ...(logprobs && { logprobs }),
          })
        ).ids;
      const [few, all] = [await ids(), await ids(2)];
      expect(few).toHaveLength(10);
      expect(few).toEqual(all);
    }
  });

  test("compares layers of each kind with the CPU, in the same runtime", async ({ page }) => {
    await open(page);
    const dense = site.addDecoder("dense", { bits: 4, window: 16 });
    expect(await load(page, dense, "webgpu")).toMatchObject({ backend: "webgpu", checked: { layers: 2, leftOut: [] } });
  });

  test("names the missing ability of the GPU that a graph of 16 bits needs, whatever its file is called", async ({
    page,
  }) => {
    await open(page);
    expect((await page.evaluate(() => window.onnx.probe())).webgpu?.features).not.toContain("shader-f16");
    const half = site.addDecoder("half", { dtype: "float16", bits: 4 });
    await expect(load(page, half, "webgpu")).rejects.toThrow(/shader-f16/);
  });

  test("refuses experts, whose kernel is known to be wrong there, and gives them to the CPU", async ({ page }) => {
    await open(page);
    const experts = site.addDecoder("experts", { experts: "fused", bits: 4 });
    await expect(load(page, experts, "webgpu")).rejects.toThrow(/operator QMoE .* software WebGPU adapters/);
    expect(await load(page, experts, "wasm")).toMatchObject({ backend: "wasm" });
  });

  for (const [index, [family, shape]] of Object.entries(FAMILIES).slice(0, 3).entries()) {
    test(`gives the answer of the CPU with ${family}, and binds the caches beside them in place`, async ({ page }) => {
      await open(page);
      const model = site.addDecoder(`family-${index}`, shape);
      const answers: number[][] = [];
      for (const backend of ["wasm", "webgpu"] as const) {
        expect(await load(page, model, backend)).toMatchObject({ backend, kvInPlace: backend === "webgpu" });
        const { ids, error } = await page.evaluate(
          ([id, messages]) => window.onnx.answer(id, { messages, maxTokens: 4 }),
          [`family-${index}`, STORY] as const,
        );
        expect(error).toBeUndefined();
        answers.push([...ids]);
      }
      expect(answers[1]).toEqual(answers[0]);
    });
  }

  test("reports a lost device in the middle of an answer, and loads again", async ({ page }) => {
    await open(page);
    const model = site.addRandomModel("lose", { seed: 3, attention: "grouped", positionIds: false });
    await load(page, model, "webgpu");
    const answering = page.evaluate((messages) => window.onnx.answer("lose", { messages, maxTokens: 200 }), STORY);
    await page.waitForFunction(() => window.onnx.engines.jobs.running === 1);
    expect(await page.evaluate(() => window.onnx.loseDevice())).toBe(true);
    expect((await answering).error).toMatchObject({ code: "device-lost" });
    await page.waitForFunction(() => window.onnx.lost.length === 1);
    await load(page, model, "webgpu");
    const again = await page.evaluate((messages) => window.onnx.answer("lose", { messages, maxTokens: 2 }), STORY);
    expect(again.ids).toHaveLength(2);
  });
});

/** Loads random models of the same weights one after another; all must give the same answer. Returns the result of each load. */
async function expectSameAnswers(
  page: Page,
  backend: Backend,
  variants: readonly Omit<RandomModelOptions, "seed">[],
): Promise<LoadedModelInfo[]> {
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1.3 };
  const messages = [
    {
      role: "user",
      content:
        "a prompt that is long enough to be read in more than one chunk, and then there is a little bit more of it",
    },
  ] as const;
  const infos: LoadedModelInfo[] = [];
  let expected: readonly number[] | undefined;
  for (const [index, options] of variants.entries()) {
    const name = `${backend}-${index}`;
    infos.push(await load(page, site.addRandomModel(name, { seed: 9, ...options }), backend));
    const answer = await page.evaluate(([id, request]) => window.onnx.answer(id, request), [
      name,
      { messages, sampling, maxTokens: 12 },
    ] as const);
    expect(answer.error).toBeUndefined();
    expected ??= answer.ids;
    expect(new Set(expected).size).toBeGreaterThan(6);
    expect(answer.ids, name).toEqual(expected);
    await expectSameAtOnce(page, name);
    await page.evaluate((id) => window.onnx.unload(id), name);
  }
  return infos;
}

/** Asks three questions of different lengths one after another and then at once: the answers are the same. */
async function expectSameAtOnce(page: Page, model: string): Promise<void> {
  const { alone, together } = await page.evaluate(async (id) => {
    const ask = async (index: number): Promise<readonly (number | string)[]> => {
      const messages = [{ role: "user", content: `${"another word ".repeat(2 * index)}and number ${index}` }] as const;
      const { ids, error } = await window.onnx.answer(id, { messages, maxTokens: 4 + index });
      return error ? [error.message] : ids;
    };
    return {
      alone: [await ask(0), await ask(1), await ask(2)],
      together: await Promise.all([ask(0), ask(1), ask(2)]),
    };
  }, model);
  expect(alone.map(({ length }) => length)).toEqual([4, 5, 6]);
  expect(together, model).toEqual(alone);
}

/** The address of the page's script, from its HTML. */
async function entryOf(url: string): Promise<string> {
  const html = await (await fetch(url)).text();
  return new URL(/src="([^"]+\.js)"/.exec(html)?.[1] ?? "", url).href;
}
