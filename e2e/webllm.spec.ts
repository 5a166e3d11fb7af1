/**
 * The WebLLM engine on the real library. Answers are tested where MICROGRID_WEBLLM_MODEL (address of an MLC model)
 * and MICROGRID_WEBLLM_LIB (address of its library) are set; failures before a model runs are always tested.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test, type WebServer } from "./harness";
import { HubServer } from "./harness/hub-server";
import { serveBarePage } from "./harness/bare-pages";
import type { Ended, WebLlmSource } from "./webllm-page/main";

const REPOSITORY = "tests/mlc";
const MODEL = process.env.MICROGRID_WEBLLM_MODEL;
const LIBRARY = process.env.MICROGRID_WEBLLM_LIB;
/** The smallest module: header and version. It is WebAssembly, but not a model library. */
const EMPTY_WASM = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const CONFIG = {
  conv_template: {
    system_template: "<|im_start|>system\n{system_message}<|im_end|>\n",
    roles: { user: "<|im_start|>user", assistant: "<|im_start|>assistant" },
    role_content_sep: "\n",
    role_empty_sep: "\n",
    seps: ["<|im_end|>\n"],
    stop_token_ids: [2],
  },
  context_window_size: 1024,
  sliding_window_size: -1,
  vocab_size: 2048,
  tokenizer_files: ["tokenizer.json"],
};
const SHARD = "params_shard_0.bin";

let site: WebServer;
let hub: HubServer;
let page: Page;

test.beforeAll(async () => {
  site = await serveBarePage("webllm-page");
});

test.afterAll(async () => {
  await site.close();
});

test.beforeEach(async ({ browsers }) => {
  hub = await HubServer.start();
  hub.put(REPOSITORY, "mlc-chat-config.json", JSON.stringify(CONFIG));
  hub.put(
    REPOSITORY,
    "tokenizer.json",
    await readFile(resolve(import.meta.dirname, "../public/models/guide/tokenizer.json")),
  );
  hub.put(REPOSITORY, "tensor-cache.json", JSON.stringify({ records: [{ dataPath: SHARD, nbytes: 4, records: [] }] }));
  hub.put(REPOSITORY, SHARD, Buffer.alloc(4));
  hub.put(REPOSITORY, "model.wasm", EMPTY_WASM);
  const context = await (await browsers.shared({ webgpu: true })).newContext();
  page = await context.newPage();
  await page.goto(site.url);
  await page.waitForFunction(() => "webllm" in window);
});

test.afterEach(async () => {
  await page.context().close();
  await hub.stop();
});

function source(patch: Partial<WebLlmSource> = {}): WebLlmSource {
  const modelUrl = `${hub.url}/${REPOSITORY}/resolve/main/`;
  return { modelUrl, libraryUrl: `${modelUrl}model.wasm`, ...patch };
}

function load(
  patch: Partial<WebLlmSource> = {},
  options: { backend?: "wasm"; abortAt?: string } = {},
): Promise<Ended<unknown>> {
  return page.evaluate(([given, how]) => window.webllm.load(given, how), [source(patch), options] as const);
}

test("an error names a missing library", async () => {
  const libraryUrl = `${source().modelUrl}none.wasm`;
  expect(await load({ libraryUrl })).toMatchObject({
    error: { code: "file-missing", message: expect.stringContaining(libraryUrl) },
  });
});

test("a file that is not WebAssembly is refused as a library, and the next try fetches a repaired one", async () => {
  hub.put(REPOSITORY, "model.wasm", "this is text");
  expect(await load()).toMatchObject({
    error: { code: "unsupported-model", message: expect.stringContaining("model.wasm") },
  });
  hub.put(REPOSITORY, "model.wasm", EMPTY_WASM);
  await load();
  expect(hub.requestsFor("model.wasm")).toHaveLength(2);
});

test("WebAssembly that is not a model library is refused by name", async () => {
  expect(await load()).toMatchObject({
    error: { code: "unsupported-model", message: expect.stringContaining("not a model library") },
  });
});

test("an address without a model is refused", async () => {
  const missing = await load({ modelUrl: `${hub.url}/tests/none/resolve/main/` });
  expect(missing).toMatchObject({
    error: { code: "not-a-model", message: expect.stringContaining("mlc-chat-config.json") },
  });
  hub.put(REPOSITORY, "mlc-chat-config.json", "{}");
  expect(await load()).toMatchObject({ error: { code: "not-a-model" } });
  hub.put(REPOSITORY, "mlc-chat-config.json", JSON.stringify(CONFIG));
  expect(await load()).toMatchObject({ error: { code: "unsupported-model" } });
});

test("an error names a missing list of weights", async () => {
  hub.fault(REPOSITORY, "tensor-cache.json", { kind: "status", status: 404 });
  expect(await load()).toMatchObject({
    error: { code: "file-missing", message: expect.stringContaining("tensor-cache.json") },
  });
});

test("an error names missing weights before anything is loaded", async () => {
  hub.fault(REPOSITORY, SHARD, { kind: "status", status: 404 });
  expect(await load()).toMatchObject({ error: { code: "file-missing", message: expect.stringContaining(SHARD) } });
  const elsewhere = "http://127.0.0.1:9/shard.bin";
  hub.put(REPOSITORY, "tensor-cache.json", JSON.stringify({ records: [{ dataPath: elsewhere, nbytes: 4 }] }));
  await page.evaluate(() => caches.delete("webllm/model"));
  expect(await load()).toMatchObject({ error: { code: "network", message: expect.stringContaining(elsewhere) } });
});

test("an error names a host that cannot be reached", async () => {
  const modelUrl = "http://127.0.0.1:9/m/resolve/main/";
  expect(await load({ modelUrl })).toMatchObject({
    error: { code: "network", message: expect.stringContaining("127.0.0.1:9") },
  });
});

test("without shader-f16, the error names the variant that does not need it", async () => {
  const id = "Llama-3.2-1B-Instruct-q4f16_1-MLC";
  expect(await load({ id, requiredFeatures: ["shader-f16"] })).toMatchObject({
    error: { code: "shader-f16-missing", message: expect.stringContaining("Llama-3.2-1B-Instruct-q4f32_1-MLC") },
  });
});

test("the CPU is refused, because the library has no kernels for it", async () => {
  expect(await load({}, { backend: "wasm" })).toMatchObject({ error: { code: "unsupported-model" } });
});

test("a load can be cancelled while the host keeps it waiting", async () => {
  hub.fault(REPOSITORY, "model.wasm", { kind: "stall", bytes: 4 });
  expect(await load({}, { abortAt: "now" })).toMatchObject({ error: { code: "aborted" } });
});

test("without WebGPU, the engine suggests an alternative", async ({ browsers }) => {
  const context = await (await browsers.shared({ webgpu: false })).newContext();
  const other = await context.newPage();
  await other.goto(site.url);
  await other.waitForFunction(() => "webllm" in window);
  const result = await other.evaluate((given) => window.webllm.load(given), source());
  await context.close();
  expect(result).toMatchObject({ error: { code: "no-webgpu", message: expect.stringContaining("ONNX") } });
});

test.describe("answers of a real model", () => {
  test.skip(
    MODEL === undefined || LIBRARY === undefined,
    "Set MICROGRID_WEBLLM_MODEL (address of an MLC model) and MICROGRID_WEBLLM_LIB (address of its library) to run this.",
  );
  test.setTimeout(600_000);
  const messages = [{ role: "user", content: "Count from one to ten." }] as const;
  const greedy = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  const base = (MODEL ?? "").replace(/\/*$/, "/");
  // Like the library, this takes an address without `/resolve/` for a repository.
  const modelUrl = /\/resolve\/.+\//.test(base) ? base : `${base}resolve/main/`;

  test.beforeEach(async () => {
    expect(await load({ modelUrl, libraryUrl: LIBRARY ?? "" })).toHaveProperty("value");
  });

  test("greedy answers repeat, an answer that is left early does not harm the next, and a resumed one is identical", async () => {
    const request = { messages, sampling: greedy, maxTokens: 24 };
    const whole = await page.evaluate((given) => window.webllm.answer(given), request);
    expect(whole.error).toBeUndefined();
    expect(whole.text.length).toBeGreaterThan(0);
    const begun = await page.evaluate((given) => window.webllm.answer(given, 3), request);
    expect(whole.text.startsWith(begun.text)).toBe(true);
    expect((await page.evaluate((given) => window.webllm.answer(given), request)).text).toBe(whole.text);
    const { value } = (await load({ modelUrl, libraryUrl: LIBRARY ?? "" })) as {
      value: { tokenizerHash: string; packageHash: string };
    };
    const { tokenizerHash, packageHash } = value;
    const point = { packageHash, tokenizerHash, engine: "webllm", backend: "webgpu" } as const;
    const resume = { ...point, ids: begun.ids, idsInText: begun.ids.length, text: begun.text };
    const rest = await page.evaluate((given) => window.webllm.answer(given), { ...request, resume });
    expect(begun.text + rest.text).toBe(whole.text);
  });

  test("a seed makes sampling repeatable, and every token has log probabilities", async () => {
    const request = { messages, maxTokens: 16, seed: 7, logprobs: 3, sampling: { ...greedy, temperature: 1 } };
    const first = await page.evaluate((given) => window.webllm.answer(given), request);
    const second = await page.evaluate((given) => window.webllm.answer(given), request);
    expect(second.text).toBe(first.text);
    const tokens = first.events.flatMap((event) => (event.type === "token" ? (event.logprobs ?? []) : []));
    expect(tokens).toHaveLength(first.ids.length);
    expect(tokens.every((token) => token.top.length === 3 && token.logprob <= 0)).toBe(true);
  });
});
