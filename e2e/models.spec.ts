/** The library of models in a real browser: what can be added, listed, kept and removed. */
import { randomBytes } from "node:crypto";
import { expect } from "./harness";
import { HubServer } from "./harness/hub-server";
import { DATA, GUIDE, MIB, REPOSITORY, test } from "./models-page/test";

test("the built-in model is stored at its first use and needs no network afterwards", async ({
  models: { page, openPage, prepare, stored },
}) => {
  const first = await prepare("guide");
  expect(first).toMatchObject({ value: { engine: "onnx", graph: "onnx/model_q4.onnx" } });
  expect(await stored("guide")).toBe("yes");
  await openPage();
  await page.context().setOffline(true);
  expect(await prepare("guide")).toEqual(first);
});

test("the list contains the built-in model, ONNX repositories and the whole WebLLM catalog", async ({
  models: { page },
}) => {
  const list = await page.evaluate(() => window.models.list());
  expect(list[0]).toMatchObject({ id: "guide", source: "embedded", downloadBytes: 5_578_695, contextLength: 1024 });
  expect(list.filter((info) => info.engine === "webllm")).toHaveLength(165);
  expect(list.filter((info) => info.engine === "onnx").length).toBeGreaterThan(12);
  expect(list.every((info) => info.downloadBytes !== 0)).toBe(true);
});

test("addresses without a model are refused with advice", async ({ models: { hub, page, site } }) => {
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

test("an error explains that a host does not allow other sites", async ({ models: { page } }) => {
  const closed = await HubServer.start(0, { cors: false });
  const result = await page.evaluate((source) => window.models.add(source), `${closed.url}/some/folder/`);
  await closed.stop();
  expect(result).toMatchObject({ error: { code: "network", message: expect.stringContaining("CORS") as unknown } });
});

test("a mirror is used when the hub is gone", async ({ models: { hub, openPage, add, prepare } }) => {
  const other = await HubServer.start();
  const gone = other.url;
  await other.stop();
  await openPage({ hub: gone, mirrors: [hub.url] });
  await add(REPOSITORY);
  expect(await prepare()).toHaveProperty("value");
});

test("a folder on any web host can be a model", async ({ models: { page, site, prepare } }) => {
  const added = await page.evaluate((url) => window.models.add(url), `${site.url}models/guide/config.json`);
  expect(added).toMatchObject({ value: { id: `${site.url}models/guide/`, contextLength: 1024 } });
  const [own, guide] = [await prepare(`${site.url}models/guide/`), await prepare("guide")];
  expect("value" in own && "value" in guide && own.value.packageHash === guide.value.packageHash).toBe(true);
});

test("picked files become a model, even after a reload", async ({ models: { page, openPage, prepare } }) => {
  const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model_q4.onnx", DATA];
  await page.getByLabel("Files of a model").setInputFiles(names.map((name) => `${GUIDE}/${name}`));
  const added = await page.evaluate(() => window.models.addPicked());
  if (!("value" in added)) throw new Error(added.error.message);
  expect(added.value).toMatchObject({ source: "added", engine: "onnx" });
  await openPage();
  expect(await prepare(added.value.id)).toMatchObject({ value: { graph: "model_q4.onnx" } });
});

test("parts of a model are fetched once, survive a reload, and are deleted with the model", async ({
  models: { hub, page, openPage, add, prepare, stored },
}) => {
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

test("removing a model deletes its files, and an added one leaves the list", async ({
  models: { page, add, prepare },
}) => {
  await add(REPOSITORY);
  await prepare();
  const used = (): Promise<number> => page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  const before = await used();
  await page.evaluate((id) => window.models.remove(id), REPOSITORY);
  expect(await page.evaluate((id) => window.models.info(id), REPOSITORY)).toBeUndefined();
  expect(before - (await used())).toBeGreaterThanOrEqual(4 * MIB);
});
