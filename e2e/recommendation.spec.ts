/** The way from the demo to a useful model: a recommendation, a download in the background, and a way back. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type SitePage, expect, shot, test } from "./harness";
import { HubServer } from "./harness/hub-server";
import { ChatPage, GUIDE_NAME } from "./pages";

const GUIDE = resolve(import.meta.dirname, "../public/models/guide");
/** The smallest model of the catalog; the hub of this test has the files of the demo under its name. */
const REPOSITORY = "HuggingFaceTB/SmolLM2-135M-Instruct";
const NAME = "SmolLM2 135M";
const DATA = "onnx/model_q4.onnx_data";
const FILES = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "generation_config.json",
  "onnx/model_q4.onnx",
];
const MIB = 2 ** 20;

test("one button brings a useful model while the demo answers, and the chat can go back", async ({
  openSite,
  siteConfig,
}) => {
  const hub = await HubServer.start();
  for (const path of [...FILES, DATA]) hub.put(REPOSITORY, path, await readFile(`${GUIDE}/${path}`));
  hub.fault(REPOSITORY, DATA, { kind: "stall", bytes: MIB });
  siteConfig.hub = hub.url;
  const { page } = await openSite({ name: "anna", prepare: littleMemory });
  const chat = new ChatPage(page);
  const card = page.getByRole("group", { name: "Recommended" });
  await expect(card).toContainText("Recommended for this device");
  await expect(card).toContainText(NAME);
  await expect(card).toContainText(/about [\d.]+ tokens\/s · good at short answers/);

  // The download stalls, and the demo answers.
  await card.getByRole("button", { name: "Download" }).click();
  await expect(card).toContainText("The demo answers meanwhile.");
  expect(await chat.chat("What is the capital of Japan?")).toContain("Tokyo");
  await expect(chat.origin()).toContainText(GUIDE_NAME);

  // A refusal of the demo leads to the same step, where the download is stopped and goes on.
  expect(await chat.chat("Explain the theory of general relativity in detail.")).toContain("bigger model");
  await expect.poll(() => hub.requestsFor(DATA).length).toBe(1);
  await card.getByRole("button", { name: "Cancel" }).click();
  await card.getByRole("button", { name: "Continue the download" }).click();
  await expect(page.getByText(`This chat now uses “${NAME}”.`)).toBeVisible();
  expect(hub.requestsFor(DATA)[1]?.range).toBe(`bytes=${MIB}-`);
  await expect(chat.model).toHaveAccessibleName(`Model: ${NAME}, WASM (CPU)`);
  await expect(card).toBeHidden();

  await chat.undo();
  await expect(chat.model).toHaveAccessibleName(`Model: ${GUIDE_NAME}, WASM (CPU)`);
  await card.getByRole("button", { name: "Use it" }).click();
  await chat.chat("What is the capital of Japan?");
  await expect(chat.origin()).toContainText(NAME);
  await hub.stop();
});

test("the list shows families that can run here, and folds the others under one sentence", async ({ openSite }) => {
  const phone = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true } as const;
  const site = await openSite({ name: "ben", context: phone });
  const chat = new ChatPage(site.page);
  await chat.ready();
  // The name is not cut, though the screen is narrow.
  await expect.poll(() => chat.model.locator("strong").evaluate((name) => name.scrollWidth - name.clientWidth)).toBe(0);
  await shot(site, "recommendation-phone");
  await chat.models.open();
  await expect(chat.models.search).not.toBeFocused();
  const { page } = site;
  await expect(
    page.getByText("No usable graphics card found. Small models run on the processor; WebLLM models do not."),
  ).toBeVisible();
  await expect(page.getByText("Apache 2.0 · English · good at short answers, rewriting, summaries")).toBeVisible();
  await expect(chat.models.row(NAME)).toContainText(/about [\d.]+ tokens\/s/);
  await shot(site, "models-phone");

  // On the small screen, a search shows its models first, without the card.
  const card = page.locator("mg-model-dialog").getByRole("group", { name: "Recommended" });
  await expect(card).toBeVisible();
  await chat.models.search.fill("llama");
  await expect(card).toHaveCount(0);
  await chat.models.search.fill("");

  const folded = page.getByText(/\d+ models cannot run here: 165 need a graphics card/);
  await expect(chat.models.row("Qwen3-8B-q4f16_1")).toHaveCount(0);
  await folded.click();
  const row = chat.models.row("Qwen3-8B-q4f16_1");
  await expect(row).toHaveCount(1);
  await expect(row.getByRole("button")).toHaveCount(0);
});

test("speeds are measured in answers, shown in the list, and known at the next visit", async ({ openSite }) => {
  const { page } = await openSite({ name: "cleo" });
  const chat = new ChatPage(page);
  await chat.ready();
  const row = chat.models.row(GUIDE_NAME);
  await chat.models.open();
  await expect(row).toContainText(/about [\d.]+ tokens\/s/);
  await chat.models.close();
  await chat.chat("What can you do?");
  const measured = /[\d.]+ tokens\/s on average · last answer [\d.]+ tokens\/s/;
  await chat.models.open();
  const text = measured.exec(await row.getByText(measured).innerText())![0];
  await page.reload();
  await chat.ready();
  await chat.models.open();
  await expect(row).toContainText(text);
});

/** A device with room for the smallest model only: on a fast one, another would be recommended. */
async function littleMemory({ context }: Pick<SitePage, "context">): Promise<void> {
  await context.addInitScript(() => Object.defineProperty(navigator, "deviceMemory", { get: () => 0.5 }));
}
