/** The model store and library in a real browser, against a hub that misbehaves as real ones do. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test, type WebServer } from "./harness";
import { HubServer } from "./harness/hub-server";
import { serveBarePage } from "./harness/bare-pages";
import type { Ended, Prepared } from "./models-page/main";

const GUIDE = resolve(import.meta.dirname, "../public/models/guide");
const REPOSITORY = "tests/tiny";
const DATA = "onnx/model_q4.onnx_data";
const MIB = 2 ** 20;

let site: WebServer;
let hub: HubServer;
let page: Page;

test.beforeAll(async () => {
  site = await serveBarePage("models-page");
});

test.afterAll(async () => {
  await site.close();
});

test.beforeEach(async ({ browsers }) => {
  hub = await HubServer.start();
  for (const path of ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"]) {
    hub.put(REPOSITORY, path, await readFile(`${GUIDE}/${path}`));
  }
  hub.put(REPOSITORY, "onnx/model_q4.onnx", await readFile(`${GUIDE}/onnx/model_q4.onnx`));
  hub.put(REPOSITORY, DATA, randomBytes(4 * MIB));
  const context = await (await browsers.shared({ webgpu: false })).newContext();
  page = await context.newPage();
  await openPage();
});

test.afterEach(async () => {
  await page.context().close();
  await hub.stop();
});

async function openPage(options: { mirrors?: readonly string[] } = {}): Promise<void> {
  await page.goto(site.url);
  await page.waitForFunction(() => "models" in window);
  await page.evaluate((given) => window.models.open(given), { hub: hub.url, ...options });
}

async function add(source: string): Promise<void> {
  const added = await page.evaluate((text) => window.models.add(text), source);
  expect(added).toMatchObject({ value: { source: "added" } });
}

function start(name: string, id = REPOSITORY): Promise<void> {
  return page.evaluate(([call, model]) => window.models.prepare(call!, model!), [name, id]);
}

function ended(name: string): Promise<Ended<Prepared>> {
  return page.evaluate((call) => window.models.ended(call), name);
}

async function prepare(id = REPOSITORY): Promise<Ended<Prepared>> {
  await start("only", id);
  return ended("only");
}

async function failure(id = REPOSITORY): Promise<{ code: string; message: string }> {
  const result = await prepare(id);
  if (!("error" in result)) throw new Error("It was expected to fail.");
  return result.error;
}

async function received(name: string, bytes: number): Promise<void> {
  await page.waitForFunction(([call, least]) => (window.models.progress(call).at(-1)?.loadedBytes ?? 0) >= least, [
    name,
    bytes,
  ] as const);
}

function stored(id = REPOSITORY): Promise<string | undefined> {
  return page.evaluate((model) => window.models.info(model)?.stored, id);
}

test("the built-in model is stored at its first use and needs no network afterwards", async () => {
  const first = await prepare("guide");
  expect(first).toMatchObject({ value: { engine: "onnx", graph: "onnx/model_q4.onnx" } });
  expect(await stored("guide")).toBe("yes");
  await openPage();
  await page.context().setOffline(true);
  expect(await prepare("guide")).toEqual(first);
});

test("the list contains the built-in model, ONNX repositories and the whole WebLLM catalog", async () => {
  const list = await page.evaluate(() => window.models.list());
  expect(list[0]).toMatchObject({ id: "guide", source: "embedded", downloadBytes: 5_578_695, contextLength: 1024 });
  expect(list.filter((info) => info.engine === "webllm")).toHaveLength(165);
  expect(list.filter((info) => info.engine === "onnx").length).toBeGreaterThan(12);
  expect(list.every((info) => info.downloadBytes !== 0)).toBe(true);
});

test("a repository is downloaded through redirects, and its size is known before the download", async () => {
  await add(REPOSITORY);
  expect(await page.evaluate((id) => window.models.info(id)?.downloadBytes, REPOSITORY)).toBeGreaterThan(4 * MIB);
  const result = await prepare();
  expect(result).toMatchObject({ value: { graph: "onnx/model_q4.onnx" } });
  expect("value" in result && result.value.files.find((file) => file.path === DATA)?.bytes).toBe(4 * MIB);
  const last = (await page.evaluate(() => window.models.progress("only"))).at(-1);
  expect(last).toMatchObject({ phase: "download" });
  expect(last?.loadedBytes).toBe(last?.totalBytes);
});

test("a download continues after a reload where it stopped", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  await openPage();
  expect(await stored()).toBe("partial");
  const result = await prepare();
  expect(result).toHaveProperty("value");
  const [whole, rest, ...more] = hub.requestsFor(DATA);
  expect(whole).toMatchObject({ range: undefined, status: 200 });
  expect(rest).toMatchObject({ status: 206 });
  expect(Number(/^bytes=(\d+)-$/.exec(rest?.range ?? "")?.[1])).toBe(MIB);
  expect(more).toEqual([]);
});

test("a host that does not know ranges sends the file again, and the result is right", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  hub.fault(REPOSITORY, DATA, { kind: "no-ranges" });
  await openPage();
  const result = await prepare();
  expect("value" in result && result.value.files.find((file) => file.path === DATA)?.bytes).toBe(4 * MIB);
});

test("a file that changed on the host in the meantime is fetched from its start", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  hub.put(REPOSITORY, DATA, randomBytes(3 * MIB));
  await openPage();
  const result = await prepare();
  expect("value" in result && result.value.files.find((file) => file.path === DATA)?.bytes).toBe(3 * MIB);
});

test("a download survives a cut connection and temporary server errors", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "cut-once", bytes: 2 * MIB });
  hub.fault(REPOSITORY, "tokenizer.json", { kind: "fail-then-ok", times: 2 });
  expect(await prepare()).toHaveProperty("value");
  expect(hub.requestsFor("tokenizer.json").map((request) => request.status)).toEqual([500, 500, 200]);
});

test("wrong bytes are thrown away, and the next load fetches a new copy", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "wrong-bytes" });
  const error = await failure();
  expect(error.code).toBe("file-corrupt");
  expect(error.message).toContain(DATA);
  hub.fault(REPOSITORY, DATA, undefined);
  expect(await prepare()).toHaveProperty("value");
});

test("a file that ends too early is corrupt", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "truncated", bytes: MIB });
  const error = await failure();
  expect(error).toMatchObject({ code: "file-corrupt" });
  expect(error.message).toContain("1.0 MB instead of 4.2 MB");
});

test("an error names a file that the host has lost", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "status", status: 404 });
  expect(await failure()).toMatchObject({ code: "file-missing", message: expect.stringContaining(DATA) });
});

test("an error says that the host refuses", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "status", status: 401 });
  expect(await failure()).toMatchObject({ code: "network", message: expect.stringContaining("401") });
});

test("a web page in place of a file is not accepted as a model file", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "html" });
  expect(await failure()).toMatchObject({ code: "file-missing" });
});

test("addresses without a model are refused with advice", async () => {
  const error = async (source: string): Promise<string> => {
    const result = await page.evaluate((text) => window.models.add(text), source);
    return "error" in result ? `${result.error.code}: ${result.error.message}` : "added";
  };
  expect(await error("tests/nothing")).toMatch(/^unknown-model: .*tests\/nothing/);
  expect(await error(`${site.url}nowhere/`)).toMatch(/^not-a-model: /);
  expect(await error(`${hub.url}/a/page/that/is/html`)).toMatch(/^not-a-model: .*web page/);
  expect(await error("http://127.0.0.1:9/model/")).toMatch(/^network: 127\.0\.0\.1:9 cannot be reached/);
  expect(await error("what is this")).toMatch(/^bad-request: /);
  hub.put("tests/config-only", "config.json", "{}");
  expect(await error("tests/config-only")).toMatch(/^not-a-model: /);
});

test("an error explains that a host does not allow other sites", async () => {
  const closed = await HubServer.start(0, { cors: false });
  const result = await page.evaluate((source) => window.models.add(source), `${closed.url}/some/folder/`);
  await closed.stop();
  expect(result).toMatchObject({ error: { code: "network", message: expect.stringContaining("CORS") as unknown } });
});

test("a mirror is used when the hub is gone", async () => {
  const mirror = hub;
  hub = await HubServer.start();
  const gone = hub.url;
  await hub.stop();
  hub = mirror;
  await page.evaluate((given) => window.models.open(given), { hub: gone, mirrors: [mirror.url] });
  await add(REPOSITORY);
  expect(await prepare()).toHaveProperty("value");
});

test("a folder on any web host can be a model", async () => {
  const added = await page.evaluate((url) => window.models.add(url), `${site.url}models/guide/config.json`);
  expect(added).toMatchObject({ value: { id: `${site.url}models/guide/`, contextLength: 1024 } });
  const [own, guide] = [await prepare(`${site.url}models/guide/`), await prepare("guide")];
  expect("value" in own && "value" in guide && own.value.packageHash === guide.value.packageHash).toBe(true);
});

test("picked files become a model, even after a reload", async () => {
  const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model_q4.onnx", DATA];
  await page.getByLabel("Files of a model").setInputFiles(names.map((name) => `${GUIDE}/${name}`));
  const added = await page.evaluate(() => window.models.addPicked());
  if (!("value" in added)) throw new Error(added.error.message);
  expect(added.value).toMatchObject({ source: "added", engine: "onnx" });
  await openPage();
  expect(await prepare(added.value.id)).toMatchObject({ value: { graph: "model_q4.onnx" } });
});

test("cancelling stops the download and keeps the bytes that arrived", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  await page.evaluate(() => window.models.cancel("first"));
  expect(await ended("first")).toMatchObject({ error: { code: "aborted" } });
  expect(await prepare()).toHaveProperty("value");
  expect(hub.requestsFor(DATA).at(-1)).toMatchObject({ status: 206 });
});

test("if the browser ends the store worker silently, its download fails at once, and the next one continues it", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  await page.evaluate(() => window.models.killStore());
  expect(await ended("first")).toMatchObject({ error: { code: "worker-crashed" } });
  hub.release();
  expect(await prepare()).toHaveProperty("value");
});

test("two requests for the same model share one download, which continues when one is cancelled", async () => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await start("second");
  await received("second", MIB);
  await page.evaluate(() => window.models.cancel("first"));
  expect(await ended("first")).toMatchObject({ error: { code: "aborted" } });
  hub.release();
  expect(await ended("second")).toHaveProperty("value");
  expect(hub.requestsFor(DATA).filter((request) => request.status === 200)).toHaveLength(1);
});

test("a full disk in the middle of a download is reported with numbers, and the bytes that arrived are kept", async () => {
  await add(REPOSITORY);
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(site.url);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 2 * MIB });
  hub.release();
  const result = await ended("first");
  expect(result).toMatchObject({ error: { code: "quota-exceeded" } });
  expect("error" in result && result.error.message).toMatch(/\d MB is in use.*Remove stored models/);
  expect(await stored()).toBe("partial");
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  expect(await prepare()).toHaveProperty("value");
  expect(hub.requestsFor(DATA).at(-1)).toMatchObject({ status: 206 });
});

test("parts of a model are fetched once, survive a reload, and are deleted with the model", async () => {
  const data = randomBytes(4 * MIB);
  hub.put(REPOSITORY, DATA, data);
  await add(REPOSITORY);
  const read = async (offset: number, length: number): Promise<void> => {
    const result = await page.evaluate(([at, bytes]) => window.models.readPart("model_q4.onnx_data", at, bytes), [
      offset,
      length,
    ] as const);
    if (!("value" in result)) throw new Error(result.error.message);
    expect(Buffer.compare(Buffer.from(result.value), data.subarray(offset, offset + length))).toBe(0);
  };
  const open = () => page.evaluate((id) => window.models.parts(id), REPOSITORY);
  const first = await open();
  expect(first).toMatchObject({ value: { graph: "onnx/model_q4.onnx" } });
  await read(0, 1000);
  await read(500_000, 100_000);
  expect(hub.requestsFor(DATA).map(({ range, status }) => [range, status])).toEqual([
    ["bytes=0-999", 206],
    ["bytes=500000-599999", 206],
  ]);
  await openPage();
  expect(await stored()).toBe("partial");
  expect(await open()).toEqual(first);
  await read(500, 500);
  await read(550_000, 50_000);
  expect(hub.requestsFor(DATA)).toHaveLength(2);

  const used = (): Promise<number> => page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  const before = await used();
  const { packageHash } = ((await page.evaluate(() => window.models.settings())) as { value: { packageHash: string } })
    .value;
  expect(await prepare()).toMatchObject({ value: { packageHash } });
  await read(2 * MIB, 1000);
  expect(hub.requestsFor(DATA)).toHaveLength(3);
  await page.evaluate((id) => window.models.remove(id), REPOSITORY);
  expect(await used()).toBeLessThan(before - 100_000);
});

test("removing a model deletes its files, and an added one leaves the list", async () => {
  await add(REPOSITORY);
  await prepare();
  const used = (): Promise<number> => page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  const before = await used();
  await page.evaluate((id) => window.models.remove(id), REPOSITORY);
  expect(await page.evaluate((id) => window.models.info(id), REPOSITORY)).toBeUndefined();
  expect(before - (await used())).toBeGreaterThanOrEqual(4 * MIB);
});
