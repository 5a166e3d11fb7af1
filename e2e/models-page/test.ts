/** Tests with an empty model store, and a hub that has one small model. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test as base, type WebServer } from "../harness";
import { serveBarePage } from "../harness/bare-pages";
import { HubServer } from "../harness/hub-server";
import type { Ended, Prepared } from "./main";

/** The folder of the built-in model. */
export const GUIDE = resolve(import.meta.dirname, "../../public/models/guide");
/** The model on the hub, and its file of weights, which has 4 MiB. */
export const REPOSITORY = "tests/tiny";
export const DATA = "onnx/model_q4.onnx_data";
export const MIB = 2 ** 20;

interface ModelsFixture {
  readonly hub: HubServer;
  readonly site: WebServer;
  readonly page: Page;
  /** Opens the page, again if it is open. */
  openPage(options?: { readonly hub?: string; readonly mirrors?: readonly string[] }): Promise<void>;
  add(source: string): Promise<void>;
  /** Begins to prepare a model; `ended` waits for the end of the call of this name. */
  start(name: string, id?: string): Promise<void>;
  ended(name: string): Promise<Ended<Prepared>>;
  prepare(id?: string): Promise<Ended<Prepared>>;
  /** Prepares a model that cannot be, and gives the error. */
  failure(id?: string): Promise<{ code: string; message: string }>;
  /** Waits until the call of this name has received this number of bytes. */
  received(name: string, bytes: number): Promise<void>;
  stored(id?: string): Promise<string | undefined>;
}

export const test = base.extend<{ models: ModelsFixture }, { modelsSite: WebServer }>({
  modelsSite: [
    async ({}, use) => {
      const site = await serveBarePage("models-page");
      await use(site);
      await site.close();
    },
    { scope: "worker" },
  ],
  models: async ({ browsers, modelsSite }, use) => {
    const hub = await startHub();
    const context = await (await browsers.shared({ webgpu: false })).newContext();
    const models = modelsFixture(await context.newPage(), modelsSite, hub);
    await models.openPage();
    await use(models);
    await context.close();
    await hub.stop();
  },
});

async function startHub(): Promise<HubServer> {
  const hub = await HubServer.start();
  for (const path of ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"]) {
    hub.put(REPOSITORY, path, await readFile(`${GUIDE}/${path}`));
  }
  hub.put(REPOSITORY, "onnx/model_q4.onnx", await readFile(`${GUIDE}/onnx/model_q4.onnx`));
  hub.put(REPOSITORY, DATA, randomBytes(4 * MIB));
  return hub;
}

function modelsFixture(page: Page, site: WebServer, hub: HubServer): ModelsFixture {
  const start: ModelsFixture["start"] = (name, id = REPOSITORY) =>
    page.evaluate(([call, model]) => window.models.prepare(call!, model!), [name, id]);
  const ended: ModelsFixture["ended"] = (name) => page.evaluate((call) => window.models.ended(call), name);
  const prepare: ModelsFixture["prepare"] = async (id) => {
    await start("only", id);
    return ended("only");
  };
  return {
    hub,
    site,
    page,
    start,
    ended,
    prepare,
    openPage: async (options = {}) => {
      await page.goto(site.url);
      await page.waitForFunction(() => "models" in window);
      await page.evaluate((given) => window.models.open(given), { hub: hub.url, ...options });
    },
    add: async (source) => {
      const added = await page.evaluate((text) => window.models.add(text), source);
      expect(added).toMatchObject({ value: { source: "added" } });
    },
    failure: async (id) => {
      const result = await prepare(id);
      if (!("error" in result)) throw new Error("It was expected to fail.");
      return result.error;
    },
    received: async (name, bytes) => {
      await page.waitForFunction(([call, least]) => (window.models.progress(call).at(-1)?.loadedBytes ?? 0) >= least, [
        name,
        bytes,
      ] as const);
    },
    stored: (id = REPOSITORY) => page.evaluate((model) => window.models.info(model)?.stored, id),
  };
}
