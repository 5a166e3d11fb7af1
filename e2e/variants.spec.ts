/** Variants of a model that cannot run on a graphics card, and what takes their place. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { type DecoderShape, RANDOM_MODEL_CONFIG, randomDecoder } from "../src/inference/testing";
import { expect, type SitePage, test } from "./harness";
import { HubServer } from "./harness/hub-server";
import { ChatPage } from "./pages";

const GUIDE = resolve(import.meta.dirname, "../public/models/guide");

let hub: HubServer;
test.beforeEach(async ({ siteConfig }) => {
  hub = await HubServer.start();
  siteConfig.hub = hub.url;
});
test.afterEach(() => hub.stop());

/** Publishes random decoders, by the suffixes of their variants. */
async function publish(repository: string, variants: Readonly<Record<string, DecoderShape>>): Promise<void> {
  hub.put(repository, "config.json", JSON.stringify({ ...RANDOM_MODEL_CONFIG, max_position_embeddings: 128 }));
  for (const path of ["tokenizer.json", "tokenizer_config.json"]) {
    hub.put(repository, path, await readFile(`${GUIDE}/${path}`));
  }
  for (const [suffix, shape] of Object.entries(variants)) {
    const file = `model${suffix}.onnx`;
    const { model, external } = randomDecoder({ vocabulary: 2048, externalFiles: [`${file}_data`], ...shape });
    hub.put(repository, `onnx/${file}`, Buffer.from(model));
    for (const { name, bytes } of external) hub.put(repository, `onnx/${name}`, Buffer.from(bytes));
  }
}

/** The page takes the software adapter for a graphics card; its engine, in a worker, knows better. */
async function pretendGraphicsCard({ context }: Pick<SitePage, "context">): Promise<void> {
  await context.addInitScript(() => {
    const told = { vendor: "a", architecture: "graphics", description: "card", isFallbackAdapter: false };
    for (const [name, value] of Object.entries(told)) {
      Object.defineProperty(GPUAdapterInfo.prototype, name, { get: () => value });
    }
  });
}

/** Stops the load of the built-in model, which takes long on software WebGPU. */
async function withoutGuide(page: Page): Promise<void> {
  await page.waitForFunction(() => window.microgrid?.state.loads.guide?.kind === "loading");
  await page.evaluate(() => window.microgrid!.models.unload("guide"));
}

test("a variant that a graphics card cannot run is replaced by the next, and at last by the CPU", async ({
  openSite,
}) => {
  // The first needs 16 bits, which software WebGPU lacks; the second has an operator that it computes wrongly.
  await publish("tests/variants", {
    _q4: { dtype: "float16", bits: 4 },
    "": { experts: "fused", bits: 4, layers: 6 },
  });
  const { page } = await openSite({ name: "anna", webgpu: true, prepare: pretendGraphicsCard });
  const chat = new ChatPage(page);
  await withoutGuide(page);
  await page.evaluate(() => window.microgrid!.models.add("tests/variants"));
  await chat.models.open();
  const row = chat.models.row("variants");
  await chat.models.load("variants");
  await expect(row.getByRole("alert")).toContainText(
    /shader-f16.*Load the model again to use model\.onnx on the graphics card instead, .* downloaded first \(.*B\)/,
  );
  expect(hub.requestsFor("_data")).toEqual([]);

  await chat.models.load("variants");
  await expect(row).toContainText("Ready · WASM (CPU)");
  await chat.models.close();
  await expect(page.getByText(/variants \(model\.onnx\) cannot run on the graphics card/)).toContainText(
    /\(The operator QMoE .* software WebGPU adapters\)\. It runs as model\.onnx on the CPU \(WASM\) instead/,
  );
  expect(hub.requestsFor("model_q4.onnx_data")).toEqual([]);

  // The choice is remembered.
  hub.seen.length = 0;
  await page.reload();
  await page.waitForFunction(() => window.microgrid?.state.role === "leader");
  await page.evaluate(() => window.microgrid!.models.load("tests/variants"));
  const offered = await page.evaluate(() => window.microgrid!.state.loads["tests/variants"]);
  expect(offered).toMatchObject({ kind: "ready", offer: { backend: "wasm" } });
  expect(hub.requestsFor("onnx")).toEqual([]);
});

test("a model that needs 16 bits can be added where only the CPU has them", async ({ openSite }) => {
  await publish("tests/half", { _fp16: { dtype: "float16" } });
  const { page } = await openSite({ name: "ben", webgpu: true, prepare: pretendGraphicsCard });
  await withoutGuide(page);
  const added = await page.evaluate(() => window.microgrid!.models.add("tests/half"));
  expect(added).toMatchObject({ fit: { fits: true } });
  await page.evaluate(() => window.microgrid!.models.load("tests/half"));
  const loaded = await page.evaluate(() => window.microgrid!.state.loads["tests/half"]);
  expect(loaded).toMatchObject({ kind: "ready", offer: { backend: "wasm" } });
});
