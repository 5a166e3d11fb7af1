/** Downloads of models in a real browser, from a hub that misbehaves as real ones do. */
import { randomBytes } from "node:crypto";
import { expect } from "./harness";
import { DATA, MIB, REPOSITORY, test } from "./models-page/test";

test("a repository is downloaded through redirects, and its size is known before the download", async ({
  models: { page, add, prepare },
}) => {
  await add(REPOSITORY);
  expect(await page.evaluate((id) => window.models.info(id)?.downloadBytes, REPOSITORY)).toBeGreaterThan(4 * MIB);
  const result = await prepare();
  expect(result).toMatchObject({ value: { graph: "onnx/model_q4.onnx" } });
  expect("value" in result && result.value.files.find((file) => file.path === DATA)?.bytes).toBe(4 * MIB);
  const last = (await page.evaluate(() => window.models.progress("only"))).at(-1);
  expect(last).toMatchObject({ phase: "download" });
  expect(last?.loadedBytes).toBe(last?.totalBytes);
});

test("a download continues after a reload where it stopped", async ({
  models: { hub, openPage, add, start, prepare, received, stored },
}) => {
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

test("a host that does not know ranges sends the file again, and the result is right", async ({
  models: { hub, openPage, add, start, prepare, received },
}) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  hub.fault(REPOSITORY, DATA, { kind: "no-ranges" });
  await openPage();
  const result = await prepare();
  expect("value" in result && result.value.files.find((file) => file.path === DATA)?.bytes).toBe(4 * MIB);
});

test("a file that changed on the host in the meantime is fetched from its start", async ({
  models: { hub, openPage, add, start, prepare, received },
}) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  hub.put(REPOSITORY, DATA, randomBytes(3 * MIB));
  await openPage();
  const result = await prepare();
  expect("value" in result && result.value.files.find((file) => file.path === DATA)?.bytes).toBe(3 * MIB);
});

test("a download survives a cut connection and temporary server errors", async ({ models: { hub, add, prepare } }) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "cut-once", bytes: 2 * MIB });
  hub.fault(REPOSITORY, "tokenizer.json", { kind: "fail-then-ok", times: 2 });
  expect(await prepare()).toHaveProperty("value");
  expect(hub.requestsFor("tokenizer.json").map((request) => request.status)).toEqual([500, 500, 200]);
});

test("wrong bytes are thrown away, and the next load fetches a new copy", async ({
  models: { hub, add, prepare, failure },
}) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "wrong-bytes" });
  const error = await failure();
  expect(error.code).toBe("file-corrupt");
  expect(error.message).toContain(DATA);
  hub.fault(REPOSITORY, DATA, undefined);
  expect(await prepare()).toHaveProperty("value");
});

test("a file that ends too early is corrupt", async ({ models: { hub, add, failure } }) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "truncated", bytes: MIB });
  const error = await failure();
  expect(error).toMatchObject({ code: "file-corrupt" });
  expect(error.message).toContain("1.0 MB instead of 4.2 MB");
});

test("an error names a file that the host has lost", async ({ models: { hub, add, failure } }) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "status", status: 404 });
  expect(await failure()).toMatchObject({ code: "file-missing", message: expect.stringContaining(DATA) });
});

test("an error says that the host refuses", async ({ models: { hub, add, failure } }) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "status", status: 401 });
  expect(await failure()).toMatchObject({ code: "network", message: expect.stringContaining("401") });
});

test("a web page in place of a file is not accepted as a model file", async ({ models: { hub, add, failure } }) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "html" });
  expect(await failure()).toMatchObject({ code: "file-missing" });
});

test("cancelling stops the download and keeps the bytes that arrived", async ({
  models: { hub, page, add, start, ended, prepare, received },
}) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  await page.evaluate(() => window.models.cancel("first"));
  expect(await ended("first")).toMatchObject({ error: { code: "aborted" } });
  expect(await prepare()).toHaveProperty("value");
  expect(hub.requestsFor(DATA).at(-1)).toMatchObject({ status: 206 });
});

test("if the browser ends the store worker silently, its download fails at once, and the next one continues it", async ({
  models: { hub, page, add, start, ended, prepare, received },
}) => {
  await add(REPOSITORY);
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  await start("first");
  await received("first", MIB);
  await page.evaluate(() => window.models.killStore());
  expect(await ended("first")).toMatchObject({ error: { code: "worker-crashed" } });
  hub.release();
  expect(await prepare()).toHaveProperty("value");
});

test("two requests for the same model share one download, which continues when one is cancelled", async ({
  models: { hub, page, add, start, ended, received },
}) => {
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

test("a full disk in the middle of a download is reported with numbers, and the bytes that arrived are kept", async ({
  models: { hub, page, site, add, start, ended, prepare, received, stored },
}) => {
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
