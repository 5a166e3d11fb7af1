/** Embeddings in the built site: through the page's API, the site's own address, three client libraries, and a peer. */
import { readFile } from "node:fs/promises";
import { MINILM_FILES, haveMinilm, minilmFolder } from "../scripts/real-models/minilm.mjs";
import { minilmGoldens } from "../scripts/real-models/testing";
import { cosine } from "../src/inference/embedding";
import { embedderPackage, randomEncoder } from "../src/inference/testing/embedder-fixtures";
import goldens from "../src/inference/testing/embedding-goldens.json" with { type: "json" };
import { type SitePage, expect, expectPeers, gridReady, joinRoom, loadModel, openRoom, test, visitor } from "./harness";
import { HubServer } from "./harness/hub-server";
import { ModelDialog } from "./pages";

const MODEL = "tests/encoder";
const TEXTS = goldens.encoder.map(({ text }) => text);
const TOKENS = goldens.encoder.reduce((sum, { ids }) => sum + ids.length, 0);

let hub: HubServer;

test.beforeAll(async () => {
  hub = await HubServer.start();
  for (const { path, blob } of embedderPackage(randomEncoder()).files) {
    hub.put(MODEL, path, Buffer.from(await blob.arrayBuffer()));
  }
});

test.afterAll(() => hub.stop());

test.beforeEach(({ siteConfig }) => {
  siteConfig.hub = hub.url;
});

/** Adds a model and loads it. */
async function bring(site: SitePage, model = MODEL): Promise<void> {
  await site.page.evaluate((name) => window.microgrid!.models.add(name), model);
  await loadModel(site, model);
}

/** The vectors have to be those of the other runtime. */
function expectGoldens(vectors: readonly (readonly number[])[]): void {
  expect(vectors).toHaveLength(TEXTS.length);
  for (const [index, { vector }] of goldens.encoder.entries()) {
    for (const [at, value] of vector.entries()) expect(vectors[index]?.[at]).toBeCloseTo(value, 4);
  }
}

/** The page's own API. */
function embed(
  { page }: SitePage,
  { asked = MODEL, texts = TEXTS, policy }: { asked?: string; texts?: string[]; policy?: { privacy: "device" } } = {},
) {
  return page.evaluate(
    async ([model, input, wish]) => {
      const microgrid = wish && { policy: wish };
      try {
        const reply = await window.microgrid!.embeddings.create({ model, input, ...(microgrid && { microgrid }) });
        const kinds = reply.microgrid.providers.map(({ provider }) => provider.kind);
        return { vectors: reply.data.map(({ embedding }) => embedding), usage: reply.usage, kinds };
      } catch (error) {
        return { error: (error as Error).message };
      }
    },
    [asked, texts, policy] as const,
  );
}

test("a model for embeddings serves the page, its address and client libraries, and no chats", async ({
  openSite,
  site,
}) => {
  const anna = await openSite({ siteWorker: true, expectProblems: ["status of 400"] });
  await gridReady(anna);
  await bring(anna);
  const { vectors = [], usage, kinds } = await embed(anna);
  expectGoldens(vectors);
  expect({ usage, kinds }).toEqual({ usage: { prompt_tokens: TOKENS, total_tokens: TOKENS }, kinds: ["local"] });

  const page = await anna.context.newPage();
  await page.goto(`${site.url}e2e/clients-page/index.html`);
  await page.waitForFunction(() => "clients" in window && navigator.serviceWorker.controller !== null);
  for (const name of ["openai", "ai-sdk", "langchain"]) {
    const found = await page.evaluate(([client, model, texts]) => window.clients[client]!.embed(model, texts), [
      name,
      MODEL,
      TEXTS,
    ] as const);
    expectGoldens(found);
  }
  const post = (path: string, body: object) =>
    page.evaluate(
      async ([url, json]) => {
        const reply = await fetch(url, { method: "POST", body: json });
        return { status: reply.status, body: (await reply.json()) as { error?: object } };
      },
      [`/v1/${path}`, JSON.stringify(body)] as const,
    );
  const chat = { model: MODEL, messages: [{ role: "user", content: "Hi" }] };
  expect(await post("chat/completions", chat)).toMatchObject({
    ...{ status: 400, body: { error: { code: "unsupported_model" } } },
  });
  expect(await post("embeddings", { model: MODEL, input: "cat ".repeat(60) })).toMatchObject({
    ...{ status: 400, body: { error: { param: "input", code: "context_length_exceeded" } } },
  });
  const models = await page.evaluate(async () => (await fetch("/v1/models")).json() as Promise<{ data: unknown[] }>);
  expect(models.data).toContainEqual(
    expect.objectContaining({ id: MODEL, microgrid: expect.objectContaining({ purpose: "embedding" }) }),
  );

  const dialog = new ModelDialog(anna.page);
  await dialog.open();
  const row = dialog.row("encoder");
  await expect(row.getByText("Embeddings", { exact: true })).toBeVisible();
  await expect(row.getByRole("button", { name: "Unload encoder" })).toBeVisible();
  await expect(row.getByRole("button", { name: "Use encoder" })).toHaveCount(0);
});

test("a peer makes embeddings for its room, unless they have to stay on the device", async ({ openSite }) => {
  const anna = await visitor(openSite, { name: "anna" });
  await bring(anna);
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, await openRoom(anna));
  await expectPeers(ben, 1, 1);
  const { vectors = [], usage, kinds } = await embed(ben);
  expectGoldens(vectors);
  expect({ tokens: usage?.prompt_tokens, kinds }).toEqual({ tokens: TOKENS, kinds: ["peer"] });
  expect((await embed(ben, { policy: { privacy: "device" } })).error).toContain("keeps prompts within this device");
});

test("all-MiniLM-L6-v2 gives the vectors of ONNX Runtime for Python", async ({ openSite }) => {
  test.skip(!haveMinilm(), "The weights of all-MiniLM-L6-v2 are not here (npm run real:models -- minilm brings them).");
  const model = "real/all-MiniLM-L6-v2";
  for (const path of MINILM_FILES) hub.put(model, path, await readFile(`${minilmFolder()}/${path}`));
  const anna = await openSite();
  await gridReady(anna);
  await bring(anna, model);
  const goldens = minilmGoldens();
  const { vectors = [], usage } = await embed(anna, { asked: model, texts: goldens.map(({ text }) => text) });
  expect(usage?.prompt_tokens).toBe(goldens.reduce((sum, { tokens }) => sum + tokens, 0));
  expect(vectors).toHaveLength(goldens.length);
  for (const [index, { text, vector }] of goldens.entries()) {
    expect(cosine(Float32Array.from(vectors[index]!), vector), text).toBeGreaterThanOrEqual(0.999);
  }
});
