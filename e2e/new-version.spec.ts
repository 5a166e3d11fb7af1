/** A new build of the site while tabs are open: it is announced, breaks nothing, and takes over when a person wants it. */
import {
  answerReaches,
  expect,
  finishedAnswer,
  gridReady,
  loadModel,
  QUESTION,
  type SitePage,
  shot,
  slowEngine,
  startAnswer,
  STORY,
  test,
} from "./harness";
import { nextBuild } from "./harness/next-build";
import { ChatPage } from "./pages";

const READY = "A new version of Microgrid is ready.";

test.beforeAll(nextBuild);

/** The build that a page runs, as its help says it. */
async function buildOf(site: SitePage): Promise<string> {
  const { page } = site;
  await page.getByRole("button", { name: "Help" }).click();
  const version = await page
    .locator("mg-help-dialog")
    .getByText(/\(build /)
    .innerText();
  await page.getByRole("button", { name: "Close" }).click();
  // Until it has closed, nothing behind it takes text.
  await expect(page.locator("mg-help-dialog")).toHaveCount(0);
  return /\(build (\w+)\)/.exec(version)![1]!;
}

/** Waits until the site's worker controls the page. */
async function controlled({ page }: SitePage): Promise<void> {
  const isControlled = () => page.evaluate(() => navigator.serviceWorker.controller !== null);
  await expect.poll(isControlled, { message: "the Service Worker should answer for the page" }).toBe(true);
}

/** Lets the browser ask for a new version, as it does from time to time. */
async function askForUpdate({ page }: SitePage): Promise<void> {
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
}

/** The builds whose files the browser keeps. */
async function keptBuilds({ page }: SitePage): Promise<string[]> {
  return page.evaluate(async () =>
    (await caches.keys()).flatMap((name) => / build (\w{1,8})/.exec(name)?.[1] ?? []).sort(),
  );
}

test("a new version waits for the answer, then starts in all tabs; the draft and the chat stay", async ({
  openSite,
  site,
}) => {
  const first = await openSite({ siteWorker: true, prepare: slowEngine });
  await gridReady(first);
  // The engine's file comes over the slowed network, not out of the worker's cache.
  await loadModel(first);
  await controlled(first);
  const old = await buildOf(first);
  const chat = new ChatPage(first.page);
  await chat.ready();
  await chat.chat("Hello!");
  const said = await chat.answerText();
  const address = first.page.url();
  const second = await first.openTab(site.url);
  await gridReady(second);

  site.deploy(await nextBuild());
  await askForUpdate(first);
  for (const tab of [first, second]) await expect(tab.page.getByText(READY)).toBeVisible();
  await shot(first, "new-version");
  // Files that this tab has not loaded yet are not on the server any more.
  await chat.models.open();
  await chat.models.close();
  expect((await keptBuilds(first)).sort()).toEqual(["next", old].sort());

  await chat.message.fill("Half a quest");
  // Browsers slow down tabs behind others, and the answer would be complete before the click.
  await first.page.bringToFront();
  await startAnswer(second, { text: QUESTION });
  await answerReaches(second, 1);
  const reloaded = Promise.all([first, second].map((tab) => tab.page.waitForEvent("load")));
  await first.page.getByRole("button", { name: "Use the new version" }).click();
  await expect(first.page.getByText("starts when the answer that is being written is complete")).toBeVisible();
  expect((await finishedAnswer(second)).text).toBe(STORY.completion);
  await reloaded;
  for (const tab of [first, second]) {
    await gridReady(tab);
    expect(await buildOf(tab)).toBe("next");
  }
  expect(first.page.url()).toBe(address);
  await expect(chat.message).toHaveValue("Half a quest");
  expect(await chat.answerText()).toBe(said);
  await expect.poll(() => keptBuilds(first)).toEqual(["next"]);
  await expect(first.page.getByText(READY)).toBeHidden();
});

test("a person who does not want to wait stops the answer, which can be continued", async ({ openSite, site }) => {
  const page = await openSite({ siteWorker: true, prepare: slowEngine });
  const chat = new ChatPage(page.page);
  await chat.ready();
  await controlled(page);
  site.deploy(await nextBuild());
  await askForUpdate(page);
  // The answer must not be complete before.
  await expect(page.page.getByText(READY)).toBeVisible();
  await chat.ask(QUESTION);
  await expect(chat.answers).toHaveCount(1);
  await page.page.getByRole("button", { name: "Use the new version" }).click();
  await page.page.getByRole("button", { name: "Not yet" }).click();
  await page.page.getByRole("button", { name: "Use the new version" }).click();
  await page.page.getByRole("button", { name: "Start it now" }).click();
  await expect(page.page.getByRole("button", { name: "Continue" })).toBeVisible();
  expect(await buildOf(page)).toBe("next");
});

test("without a worker, a part that is gone from the server is named, and a click reloads", async ({
  openSite,
  site,
}) => {
  const page = await openSite({ expectProblems: ["404", /dynamically imported module/] });
  const chat = new ChatPage(page.page);
  await chat.ready();
  await chat.message.fill("Half a quest");
  site.deploy(await nextBuild());
  await page.page.getByRole("button", { name: "Help" }).click();
  await expect(page.page.getByText("A part of this page could not be loaded")).toBeVisible();
  await shot(page, "part-missing");
  await page.page.getByRole("button", { name: "Reload" }).click();
  expect(await buildOf(page)).toBe("next");
  await expect(chat.message).toHaveValue("Half a quest");
});

test("tabs of two builds say so, and the new one starts when the old one is gone", async ({ openSite, site }) => {
  const old = await openSite();
  await new ChatPage(old.page).ready();
  site.deploy(await nextBuild());
  const next = await old.openTab(site.url);
  await expect(next.page.getByText("Another tab of this site runs a different version")).toBeVisible();
  await expect(old.page.getByText("Another tab of this site runs a different version")).toBeVisible();
  await shot(old, "two-builds");
  await old.page.reload();
  for (const tab of [old, next]) {
    await gridReady(tab);
    expect(await buildOf(tab)).toBe("next");
  }
});
