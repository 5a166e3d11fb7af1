/** The `wllama` engine: GGUF models on llama.cpp in a real browser, bare and in the built site. */
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { guideGguf, type GuideFormat } from "../scripts/guide-gguf/gguf";
import { ggufPath } from "../scripts/real-models/index";
import { golden, type GoldenAnswer, haveWeights, WEIGHTS_HINT } from "../scripts/real-models/testing";
import type { LoadedModelInfo } from "../src/inference";
import { goldenItems } from "../src/inference/testing/node";
import {
  expect,
  expectPeers,
  finishedAnswer,
  joinRoom,
  loadModel,
  openRoom,
  routesOf,
  startAnswer,
  test,
  visitor,
} from "./harness";
import { pretendCores } from "./harness/cores";
import { HubServer } from "./harness/hub-server";
import { type OnnxSite, type SiteModel, startOnnxSite } from "./onnx-page/site";

const STORY = [{ role: "user", content: "Tell me a story about a robot" }] as const;

const made = new Map<GuideFormat, Uint8Array<ArrayBuffer>>();

/** The guide's file, which is written once for all tests of a worker. Nobody changes it. */
function guideFile(format: GuideFormat): Uint8Array<ArrayBuffer> {
  const file = made.get(format) ?? guideGguf(format);
  made.set(format, file);
  return file;
}

test.describe("a bare page", () => {
  let site: OnnxSite;
  let guide: SiteModel;

  test.beforeAll(async () => {
    site = await startOnnxSite();
    guide = site.addGguf("guide", { "guide-f32.gguf": guideFile("f32") });
  });
  test.afterAll(() => site.close());

  async function open(page: Page, url = site.url): Promise<void> {
    await page.goto(url);
    await page.waitForFunction(() => "onnx" in window);
  }

  function load(page: Page, model = guide): Promise<LoadedModelInfo> {
    return page.evaluate((m) => window.onnx.load(m.folder, m.graph, m.files, "wasm"), model);
  }

  test("gives all golden completions, token by token", async ({ page }) => {
    await open(page);
    expect(await load(page)).toMatchObject({ engine: "wllama", backend: "wasm", contextLength: 1024 });
    for (const item of goldenItems()) {
      const answer = await page.evaluate((messages) => window.onnx.answer("guide", { messages }), item.messages);
      expect(answer.error).toBeUndefined();
      expect(answer.ids).toEqual(item.completion_ids.slice(0, -1));
      expect(answer.text).toBe(item.completion);
      const usage = { promptTokens: item.prompt_ids.length };
      expect(answer.events.at(-1)).toMatchObject({ type: "done", finishReason: "stop", usage });
    }
  });

  test("repeats a seeded answer, goes on by ids in the middle of it, and keeps to a format", async ({ page }) => {
    await open(page);
    const { packageHash, tokenizerHash } = await load(page);
    const sampling = { temperature: 2.5, topK: 0, topP: 0.98, minP: 0, repetitionPenalty: 1.05 };
    const seeded = { messages: STORY, sampling, maxTokens: 30 };
    const ask = (seed: number) => page.evaluate((request) => window.onnx.answer("guide", request), { ...seeded, seed });
    const [one, again, other] = [await ask(11), await ask(11), await ask(12)];
    expect(one.ids).toHaveLength(30);
    expect(again.ids).toEqual(one.ids);
    expect(other.ids).not.toEqual(one.ids);

    const pieces = one.events.flatMap((event) => (event.type === "token" ? event : [])).slice(0, 12);
    const ids = pieces.flatMap((piece) => [...piece.ids]);
    const text = pieces.map((piece) => piece.text).join("");
    const made = { packageHash, tokenizerHash, engine: "wllama", backend: "wasm" } as const;
    const rest = await page.evaluate((request) => window.onnx.answer("guide", request), {
      ...{ ...seeded, seed: 11 },
      resume: { ...made, ids, idsInText: ids.length, text },
    });
    expect(text + rest.text).toBe(one.text);

    const schema = JSON.stringify({ type: "object", properties: { name: { type: "string" } }, required: ["name"] });
    const formed = await page.evaluate((request) => window.onnx.answer("guide", request), {
      ...{ messages: STORY, maxTokens: 60, logprobs: 3 },
      format: { type: "schema", schema } as const,
    });
    expect(JSON.parse(formed.text)).toHaveProperty("name", expect.any(String));
    const [first] = formed.events.flatMap((event) => (event.type === "token" ? (event.logprobs ?? []) : []));
    expect(first!.top).toHaveLength(3);
  });

  for (const how of ["abort", "leave"] as const) {
    test(`stops within a token on ${how}, and answers requests one after another`, async ({ page }) => {
      await open(page);
      await load(page);
      const cut = await page.evaluate(
        ([messages, h]) => window.onnx.answer("guide", { messages }, { leaveAfter: 3, how: h }),
        [STORY, how] as const,
      );
      expect(cut.ids.length).toBeGreaterThanOrEqual(3);
      expect(cut.ids.length).toBeLessThan(32);
      expect(cut.error?.code).toBe(how === "abort" ? "aborted" : undefined);
      const items = goldenItems().slice(1, 3);
      const answers = await page.evaluate(
        (chats) => Promise.all(chats.map((messages) => window.onnx.answer("guide", { messages }))),
        [STORY, ...items.map(({ messages }) => messages)],
      );
      expect(answers.slice(1).map((answer) => answer.text)).toEqual(items.map(({ completion }) => completion));
      // The story is long.
      expect(answers.at(-1)!.events[0]).toMatchObject({ type: "queued" });
    });
  }

  test("uses threads on an isolated page, with the same answer", async ({ page }) => {
    await pretendCores(page, 4);
    await open(page, site.isolatedUrl);
    await load(page);
    const [item] = goldenItems();
    const answer = await page.evaluate((messages) => window.onnx.answer("guide", { messages }), item!.messages);
    expect(answer.text).toBe(item!.completion);
    // The engine's worker, that of llama.cpp, and its two threads.
    expect(page.workers()).toHaveLength(4);
    await load(page, site.addGguf("second", { "second-q4_0.gguf": guideFile("q4_0") }));
    expect(page.workers()).toHaveLength(7);
    await page.evaluate(() => window.onnx.unload("guide"));
    await expect.poll(() => page.workers().length).toBe(4);
  });

  test("refuses a file that is damaged, or whose results are nonsense, and loads the next one", async ({ page }) => {
    await open(page);
    const whole = guideFile("q4_0");
    const noisy = whole.slice();
    // The weights are behind the header.
    for (let at = noisy.length >> 1; at < noisy.length; at += 3) noisy[at] = (at * 77) & 0xff;
    const code = (name: string, bytes: Uint8Array) =>
      page.evaluate(
        (m) =>
          window.onnx
            .load(m.folder, m.graph, m.files, "wasm")
            .then(String, (error: unknown) => (error as { code: string }).code),
        site.addGguf(name, { "m.gguf": bytes }),
      );
    expect(await code("cut", whole.slice(0, whole.length >> 1))).toBe("not-a-model");
    expect(await code("other", new Uint8Array(1000))).toBe("not-a-model");
    expect(await code("noisy", noisy)).toBe("wrong-results");
    expect(await load(page)).toMatchObject({ id: "guide" });
  });
});

test.describe("the site", () => {
  const MODEL = "made/Guide-GGUF";
  let hub: HubServer;

  test.beforeAll(async () => {
    hub = await HubServer.start();
    hub.put(MODEL, "guide-Q4_0.gguf", guideFile("q4_0"));
    hub.put(MODEL, "guide-F32.gguf", guideFile("f32"));
    hub.put("made/Broken-GGUF", "broken-Q4_0.gguf", new Uint8Array(4096).fill(7));
  });
  test.afterAll(() => hub.stop());
  test.beforeEach(({ siteConfig }) => {
    siteConfig.hub = hub.url;
  });

  test("loads a GGUF model by its hub name, with the quantization for this device", async ({ openSite }) => {
    const site = await visitor(openSite, { name: "anna" });
    const added = await site.page.evaluate((name) => window.microgrid!.models.add(name), MODEL);
    expect(added).toMatchObject({ engine: "wllama", downloadBytes: guideFile("q4_0").length, fit: { fits: true } });
    await loadModel(site, MODEL);
    const [item] = goldenItems();
    await startAnswer(site, { text: item!.messages[0]!.content, model: MODEL, maxTokens: 60 });
    const answer = await finishedAnswer(site);
    expect(answer.error).toBeUndefined();
    expect(answer.text).toBe(item!.completion);
    const info = await site.page.evaluate(
      (name) => window.microgrid!.state.models.find(({ id }) => id === name),
      MODEL,
    );
    expect(info).toMatchObject({ stored: "yes", contextLength: 1024 });
  });

  test("says that a file is no model before it is downloaded", async ({ openSite }) => {
    const site = await visitor(openSite, { name: "anna" });
    const code = await site.page.evaluate(async (name) => {
      await window.microgrid!.models.add(name);
      return window.microgrid!.models.load(name).then(String, (error: unknown) => (error as { code: string }).code);
    }, "made/Broken-GGUF");
    expect(code).toBe("not-a-model");
  });

  test("real weights answer at home and for a peer with the words of the reference", async ({ openSite }) => {
    test.skip(!haveWeights, `The weights of SmolLM2-135M are not here ${WEIGHTS_HINT}.`);
    test.slow();
    const name = "real/SmolLM2-135M-Instruct-GGUF";
    const [question] = golden("smollm2-135m", "answers") as [GoldenAnswer];
    hub.put(name, "SmolLM2-135M-Instruct-Q4_1.gguf", await readFile(ggufPath("smollm2-135m")));
    const anna = await visitor(openSite, { name: "anna" });
    await anna.page.evaluate((model) => window.microgrid!.models.add(model), name);
    await loadModel(anna, name);
    const request = { text: question.messages[0]!.content, model: name, maxTokens: 24 };
    const ben = await visitor(openSite, { name: "ben" });
    await joinRoom(ben, await openRoom(anna));
    await expectPeers(ben, 1, 1);
    for (const [site, kind] of [
      [anna, "local"],
      [ben, "peer"],
    ] as const) {
      await startAnswer(site, request);
      const answer = await finishedAnswer(site);
      expect(answer.error).toBeUndefined();
      expect(answer.text).toBe(question.text);
      expect(routesOf(answer).map(({ provider }) => provider.kind)).toEqual([kind]);
    }
  });
});
