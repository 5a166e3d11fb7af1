/** Everything that was loaded once works without a server: the Service Worker gives the page, the stores give the rest. */
import golden from "./fixtures/golden.json" with { type: "json" };
import { type SitePage, expect, gridReady, test } from "./harness";
import { ChatPage } from "./pages";

const GREETING = golden.items[0]!;

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
  await offline.conversations.items.first().click();
  await expect.poll(() => offline.answerText()).toBe(said);
  await offline.conversations.newChat.click();
  await offline.chat(GREETING.messages[0]!.content);
  expect(await offline.answerText()).toBe(said);
  await gridReady(again);
});
