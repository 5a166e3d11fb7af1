/** The `onnx` engine on WASM, in a real browser: in its worker, behind the supervisor. */
import { expect, test } from "./harness";
import { pretendCores } from "./harness/cores";
import { STORY, expectSameAnswers, golden, load, open } from "./onnx-page/answers";
import { GUIDE, type OnnxSite, type SiteModel, startOnnxSite } from "./onnx-page/site";

/** A bias against the token that ends an answer. */
const NO_END = [[2, -100]] as const;

let site: OnnxSite;
test.beforeAll(async () => {
  site = await startOnnxSite();
});
test.afterAll(() => site.close());

test.describe("on WASM", () => {
  test("gives all golden completions, token by token", async ({ page }) => {
    await open(page, site.url);
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
    await open(page, site.url);
    await load(page, GUIDE, "wasm");
    const sampling = { temperature: 2.5, topK: 0, topP: 0.98, minP: 0, repetitionPenalty: 1.05 };
    const ask = (seed: number) =>
      page.evaluate((request) => window.onnx.answer("guide", request), {
        messages: STORY,
        sampling,
        seed,
        maxTokens: 30,
        logitBias: NO_END,
      });
    const [one, again, other] = [await ask(11), await ask(11), await ask(12)];
    expect(one.ids).toHaveLength(30);
    expect(again.ids).toEqual(one.ids);
    expect(other.ids).not.toEqual(one.ids);
  });

  for (const how of ["abort", "leave"] as const) {
    test(`stops within a token on ${how}, and answers the next request`, async ({ page }) => {
      await open(page, site.url);
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
    await open(page, site.url);
    await load(page, GUIDE, "wasm");
    const items = golden.slice(1, 3);
    const answers = await page.evaluate(
      (chats) => Promise.all(chats.map((messages) => window.onnx.answer("guide", { messages }))),
      items.map((item) => item.messages),
    );
    expect(answers.map((answer) => answer.text)).toEqual(items.map((item) => item.completion));
  });

  test("notices a worker that ends silently, and loads again", async ({ page }) => {
    await open(page, site.url);
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
    await open(page, site.url);
    await expectSameAnswers(site, page, "wasm", [
      { attention: "grouped", positionIds: true },
      { attention: "primitive", positionIds: true, externalFiles: ["weights_0", "weights_1", "weights_2"] },
      { attention: "primitive", positionIds: false },
      { attention: "primitive", positionIds: true, cacheType: "float16" },
      { attention: "grouped", positionIds: true, cacheType: "float16" },
    ]);
  });

  test("explains what is wrong with a model, and loads the next one", async ({ page }) => {
    await open(page, site.url);
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

/** The address of the page's script, from its HTML. */
async function entryOf(url: string): Promise<string> {
  const html = await (await fetch(url)).text();
  return new URL(/src="([^"]+\.js)"/.exec(html)?.[1] ?? "", url).href;
}
