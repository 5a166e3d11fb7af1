/** Everything that was loaded once works without a server: the Service Worker gives the page, the stores give the rest. */
import { readFile } from "node:fs/promises";
import { dirname, basename } from "node:path";
import golden from "./fixtures/golden.json" with { type: "json" };
import {
  type OpenSite,
  type SitePage,
  QUESTION,
  STORY,
  ask,
  expect,
  expectPeers,
  gridReady,
  introduceByHand,
  joinRoom,
  loadModel,
  openRoom,
  roomOf,
  test,
  visitorWithModel,
} from "./harness";
import { HubServer } from "./harness/hub-server";
import { DIST } from "./harness/servers";
import { ChatPage } from "./pages";

const GUIDE = "public/models/guide";
const FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "onnx/model_q4.onnx",
  "onnx/model_q4.onnx_data",
];

const GREETING = golden.items[0]!;
/** Messages of browsers and PeerJS about servers that are gone. */
const NOISE = ["WebSocket connection to", "ERR_CONNECTION_REFUSED"];

/** Waits until the site's worker controls the page, and has kept the engine that the page has loaded. */
async function kept({ page }: SitePage): Promise<void> {
  const engine = (): Promise<boolean> =>
    page.evaluate(async () => {
      const names = (await caches.keys()).filter((name) => name.endsWith(" assets"));
      const files = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return navigator.serviceWorker.controller !== null && files.flat().some(({ url }) => url.endsWith(".wasm"));
    });
  await expect.poll(engine).toBe(true);
}

test("with the server killed and the browser opened again, the guide answers and conversations are there", async ({
  profile,
  site,
  signaling,
}) => {
  const first = await profile.open(site.url);
  const chat = new ChatPage(first.page);
  await chat.ready();
  await chat.chat(GREETING.messages[0]!.content);
  const said = await chat.answerText();
  await kept(first);
  await profile.close();
  await site.close();
  await signaling.kill();

  const again = await profile.open(site.url);
  const offline = new ChatPage(again.page);
  await offline.ready();
  // The engine still has its threads, which the headers of the page allow.
  expect(await again.page.evaluate(() => crossOriginIsolated)).toBe(true);
  await offline.conversations.items.first().click();
  await expect.poll(() => offline.answerText()).toBe(said);
  await offline.conversations.newChat.click();
  await offline.chat(GREETING.messages[0]!.content);
  expect(await offline.answerText()).toBe(said);
  await gridReady(again);
});

test("a model that was downloaded runs with its hub and the site gone", async ({ profile, site, siteConfig }) => {
  const hub = await HubServer.start();
  for (const path of FILES) hub.put("some/model", path, await readFile(`${GUIDE}/${path}`));
  siteConfig.hub = hub.url;
  const first = await profile.open(site.url);
  await gridReady(first);
  const id = await first.page.evaluate(async () => (await window.microgrid!.models.add("some/model")).id);
  await loadModel(first, id);
  await kept(first);
  await profile.close();
  await Promise.all([site.close(), hub.stop()]);
  const again = await profile.open(site.url);
  await gridReady(again);
  await loadModel(again, id);
  expect((await ask(again, { text: GREETING.messages[0]!.content, model: id })).text).toBe(GREETING.completion);
});

test("a site in a folder works without its server, too", async ({ openSite, site }) => {
  site.deploy(dirname(DIST));
  const page = await openSite({ siteWorker: true, path: `${basename(DIST)}/` });
  await new ChatPage(page.page).ready();
  await kept(page);
  await site.close();
  await page.page.reload();
  await new ChatPage(page.page).ready();
});

test("browsers can install the site: its icons and screenshots are as large as the manifest says", async ({
  openSite,
}) => {
  const { page, context } = await openSite({ siteWorker: true });
  const cdp = await context.newCDPSession(page);
  const { errors, data } = await cdp.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
  // Contexts of tests are private windows, in which nothing can be installed.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  interface Picture {
    readonly src: string;
    readonly sizes: string;
  }
  const { icons, screenshots } = JSON.parse(data!) as Record<"icons" | "screenshots", Picture[]>;
  expect([icons.length, screenshots.length]).toEqual([4, 2]);
  for (const { src, sizes } of [...icons, ...screenshots]) {
    const found = await page.evaluate(async (url) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, src);
    if (sizes !== "any") expect(found, src).toBe(sizes);
  }
});

/** A visitor with a model, whose site is kept. */
async function equipped(openSite: OpenSite, name: string): Promise<SitePage> {
  const visitor = await visitorWithModel(openSite, { name, siteWorker: true, expectProblems: NOISE });
  await kept(visitor);
  return visitor;
}

/** Each of the two lets the other one answer. */
async function answerEachOther(one: SitePage, other: SitePage): Promise<void> {
  await expectPeers(one, 1, 1);
  await expectPeers(other, 1, 1);
  for (const asker of [one, other]) {
    const { text, error } = await ask(asker, { text: QUESTION, provider: "room" });
    expect({ text, error }).toEqual({ text: STORY.completion, error: undefined });
  }
}

test("two linked devices keep answering each other with the site and signaling killed", async ({
  openSite,
  site,
  signaling,
}) => {
  const anna = await equipped(openSite, "anna");
  const ben = await equipped(openSite, "ben");
  await joinRoom(ben, await openRoom(anna), {});
  await answerEachOther(anna, ben);
  await site.close();
  await signaling.kill();
  for (const visitor of [anna, ben]) {
    await expect.poll(async () => (await roomOf(visitor)).signaling).toBe("reconnecting");
  }
  await answerEachOther(anna, ben);
});

test("with all servers dead, two pages from the Service Worker meet by two texts", async ({
  openSite,
  site,
  signaling,
}) => {
  const anna = await equipped(openSite, "anna");
  const ben = await equipped(openSite, "ben");
  await site.close();
  await signaling.kill();
  for (const visitor of [anna, ben]) {
    await visitor.page.reload();
    await gridReady(visitor);
    await loadModel(visitor);
  }
  await joinRoom(ben, await openRoom(anna), {});
  expect((await roomOf(ben)).signaling).not.toBe("connected");
  await introduceByHand(ben, anna);
  await answerEachOther(anna, ben);
});
