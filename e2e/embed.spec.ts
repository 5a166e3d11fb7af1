/** `<microgrid-chat>` on a page of another site, which sends no isolation headers: answers, rooms and devices. */
import { readFileSync } from "node:fs";
import type {} from "../src/embed/chat-element";
import {
  expect,
  expectPeers,
  gridReady,
  loadModel,
  openRoom,
  shot,
  slowEngine,
  test,
  type SitePage,
  visitorWithModel,
} from "./harness";
import { EmbeddedChat, GUIDE_NAME, embedEvents, embeddingPage } from "./pages";

const golden = (
  JSON.parse(readFileSync(new URL("fixtures/golden.json", import.meta.url), "utf8")) as {
    items: { messages: { role: string; content: string }[]; completion: string }[];
  }
).items;

test("answers on another origin with the golden completion, and says where it was computed", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const foreign = await foreignSite({
    "/": embeddingPage(site.url, "<h1>My blog</h1><microgrid-chat></microgrid-chat>"),
  });
  const visitor = await openSite({ url: foreign.url, siteWorker: true });
  expect(await visitor.page.evaluate(() => crossOriginIsolated)).toBe(false);
  const chat = new EmbeddedChat(visitor);
  await chat.ready();
  await shot(visitor, "embed-empty");

  const item = golden.find(({ messages }) => messages.length === 1)!;
  const text = await visitor.page.evaluate(
    (question) => document.querySelector("microgrid-chat")!.ask(question),
    item.messages[0]!.content,
  );
  expect(text).toBe(item.completion);
  await expect(chat.origin).toContainText("On this device");
  await expect(chat.reasons).toContainText("WASM");

  const [ready] = await embedEvents(visitor, "microgrid-ready");
  expect(ready).toMatchObject({ model: "guide", backend: "wasm" });
  expect((await embedEvents(visitor, "microgrid-progress")).length).toBeGreaterThan(0);
  const tokens = await embedEvents(visitor, "microgrid-token");
  expect(tokens.map((token) => token.text).join("")).toBe(item.completion);
  expect(tokens.at(-1)?.answer).toBe(item.completion);
  expect(tokens[0]?.provider.kind).toBe("local");
  const done = await embedEvents(visitor, "microgrid-done");
  expect(done).toHaveLength(1);
  expect(done[0]).toMatchObject({
    question: item.messages[0]!.content,
    answer: item.completion,
    finishReason: "stop",
    summary: { provider: { kind: "local" }, attempts: 1 },
  });
  expect(await embedEvents(visitor, "microgrid-error")).toEqual([]);
  // The other site's requests are none of ours.
  const workers = await visitor.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
  expect([workers, await visitor.page.evaluate(() => caches.keys())]).toEqual([0, []]);
});

test("asks before it joins a room of the first origin, and gets its answer from the peer there", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const anna = await visitorWithModel(openSite, { name: "anna" });
  const invite = await openRoom(anna);

  const body = `<microgrid-chat model="" room="${invite}" theme="dark"></microgrid-chat>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
  const ben = await openSite({
    name: "ben",
    url: foreign.url,
    context: { viewport: { width: 390, height: 844 } },
  });
  const chat = new EmbeddedChat(ben);
  await expect(chat.question).toContainText("Join “Attic”?");
  await expect(chat.question).toContainText("The device that answers you can read that chat");
  await expect(chat.question.getByRole("checkbox")).toHaveCount(0);
  await shot(ben, "embed-room-question");

  // Nobody in the room is contacted before the user agrees.
  await expectPeers(anna, 0);
  await chat.question.getByRole("button", { name: "Cancel" }).click();
  await expect(chat.question).toHaveCount(0);
  await chat.ask("Hello!");
  await expect(chat.answers.last()).toContainText("it is in no room that could answer");
  expect((await embedEvents(ben, "microgrid-error")).map(({ code, during }) => ({ code, during }))).toEqual([
    { code: "no-provider", during: "answer" },
  ]);

  await chat.root.getByRole("button", { name: "Join room" }).click();
  await chat.question.getByRole("textbox", { name: "Your name in the room" }).fill("Ben elsewhere");
  await chat.question.getByRole("button", { name: "Open invite" }).click();
  await expect(chat.question).toContainText("Standard rules");
  await expect(chat.question).toContainText("1 person here");
  await expectPeers(anna, 0);
  await shot(ben, "embed-room-seen");
  await chat.question.getByRole("button", { name: "Join" }).click();
  await expect(chat.question).toHaveCount(0);
  await expectPeers(anna, 1);
  expect((await anna.page.evaluate(() => window.microgrid!.state.room!.peers[0]!)).name).toBe("Ben elsewhere");

  const item = golden.find(({ messages }) => messages.length === 1)!;
  await expect
    .poll(async () => (await embedEvents(ben, "microgrid-peer-change")).at(-1)?.peers[0]?.offers.length)
    .toBe(1);
  await chat.ask(item.messages[0]!.content);
  await expect(chat.origin).not.toContainText("On this device");
  const [done] = await embedEvents(ben, "microgrid-done");
  expect(done).toMatchObject({ answer: item.completion, summary: { provider: { kind: "peer" } } });
  await shot(ben, "embed-room-answer");
  expect(await workerNames(ben)).toEqual(expect.arrayContaining(["microgrid-heartbeat", "microgrid-store"]));

  await chat.root.getByRole("button", { name: "Leave" }).click();
  await expectPeers(anna, 0);
});

test("visitors of one page share the work if they agree to it", async ({ site, foreignSite, openSite }) => {
  const anna = await openSite({ name: "anna" });
  await gridReady(anna);
  const invite = await openRoom(anna, false);
  const body = `<microgrid-chat room="${invite}"></microgrid-chat>`;
  const bare = embeddingPage(site.url, '<microgrid-chat model=""></microgrid-chat>');
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body), "/bare": bare });
  const ben = await openSite({ name: "ben", url: foreign.url });
  const chat = new EmbeddedChat(ben);
  await chat.question.getByRole("checkbox", { name: /Share this device/ }).check();
  await chat.question.getByRole("button", { name: "Open invite" }).click();
  await chat.question.getByRole("button", { name: "Join" }).click();
  await expectPeers(anna, 1, 1);
  // The user said yes once; after a reload, the page does not ask again.
  await ben.page.reload();
  await expectPeers(anna, 1, 1);
  await expect(chat.root.getByRole("button", { name: "Leave" })).toBeVisible();
  await expect(chat.question).toHaveCount(0);

  // An element that names no room keeps its questions on this device, and lets the visitor leave.
  await ben.page.goto(new URL("bare", foreign.url).href);
  // It loads no model, so it has nothing to offer.
  await expectPeers(anna, 1, 0);
  await loadModel(anna);
  await anna.page.evaluate(() => window.microgrid!.rooms.current!.share());
  await expect
    .poll(async () => (await embedEvents(ben, "microgrid-peer-change")).at(-1)?.peers[0]?.offers.length)
    .toBe(1);
  await expect(chat.root).toContainText("It is answered on your own device.");
  await ben.page.evaluate(() => document.querySelector("microgrid-chat")!.grid!.models.unload("guide"));
  await chat.ask("Hello!");
  await expect(chat.answers.last()).toContainText("loads no model on your device");
  await chat.root.getByRole("button", { name: "Leave" }).click();
  await expectPeers(anna, 0);
});

test("stop ends an answer and keeps its text so far", async ({ site, foreignSite, openSite }) => {
  const foreign = await foreignSite({ "/": embeddingPage(site.url, "<microgrid-chat></microgrid-chat>") });
  const visitor = await openSite({ url: foreign.url, prepare: slowEngine });
  const chat = new EmbeddedChat(visitor);
  await chat.ready();
  const long = golden.reduce((a, b) => (b.completion.length > a.completion.length ? b : a));
  // It is stopped from within the stream, so that it is certainly in the middle.
  const text = await visitor.page.evaluate(async (question) => {
    const element = document.querySelector("microgrid-chat")!;
    let tokens = 0;
    element.addEventListener("microgrid-token", () => ++tokens === 3 && element.stop());
    return element.ask(question);
  }, long.messages.at(-1)!.content);
  expect(text).not.toBe("");
  const tokens = await embedEvents(visitor, "microgrid-token");
  expect(tokens.map((token) => token.text).join("")).toBe(text);
  expect(tokens).toHaveLength(3);
  expect(await embedEvents(visitor, "microgrid-done")).toMatchObject([{ finishReason: "stopped", answer: text }]);
  await expect(chat.answers.last()).toContainText("Stopped.");

  // Enter on the button does the same.
  await chat.message.fill(long.messages.at(-1)!.content);
  await chat.message.press("Enter");
  await expect.poll(async () => (await embedEvents(visitor, "microgrid-token")).length).toBeGreaterThan(3);
  await chat.root.getByRole("button", { name: "Stop answering" }).focus();
  await visitor.page.keyboard.press("Enter");
  await expect.poll(async () => (await embedEvents(visitor, "microgrid-done")).length).toBe(2);
  expect(await embedEvents(visitor, "microgrid-done")).toMatchObject([{}, { finishReason: "stopped" }]);
  await expect(chat.answers.last()).toContainText("Stopped.");

  // So does Escape. The next question is answered as usual.
  await chat.message.fill(long.messages.at(-1)!.content);
  await chat.message.press("Enter");
  await expect(chat.root.getByRole("button", { name: "Stop answering" })).toBeVisible();
  await chat.message.press("Escape");
  await expect(chat.root.getByRole("button", { name: "Send message" })).toBeVisible();
  await chat.ask("What is the capital of Japan?");
  await expect(chat.answers.last()).toContainText("Tokyo");
});

test("computes on WebGPU too, from workers of the other origin", async ({ site, foreignSite, openSite }) => {
  const foreign = await foreignSite({ "/": embeddingPage(site.url, '<microgrid-chat model=""></microgrid-chat>') });
  const visitor = await openSite({ url: foreign.url, webgpu: true });
  const chat = new EmbeddedChat(visitor);
  await chat.ready();
  await visitor.page.evaluate(async () => {
    const element = document.querySelector("microgrid-chat")!;
    // Software WebGPU is used only on request.
    await element.grid!.models.load("guide", { backend: "webgpu" });
    let tokens = 0;
    element.addEventListener("microgrid-token", () => ++tokens === 3 && element.stop());
    await element.ask("What is the capital of Japan?");
  });
  await expect(chat.origin).toContainText(new RegExp(`On this device\\s*${GUIDE_NAME}`));
  await expect(chat.reasons).toContainText("WebGPU");
  expect(await workerNames(visitor)).toEqual(expect.arrayContaining(["microgrid-gpu", "microgrid-store"]));
});

/** The names of the page's running workers. */
async function workerNames({ page }: SitePage): Promise<string[]> {
  return Promise.all(page.workers().map((worker) => worker.evaluate(() => self.name)));
}

test("an element made by a script can be asked at once, and continues after it was moved", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const foreign = await foreignSite({ "/": embeddingPage(site.url, "<main></main><aside></aside>") });
  const visitor = await openSite({ url: foreign.url });
  const [first, second] = await visitor.page.evaluate(async () => {
    await customElements.whenDefined("microgrid-chat");
    const element = document.createElement("microgrid-chat");
    document.querySelector("main")!.append(element);
    const before = await element.ask("What is the capital of Japan?");
    document.querySelector("aside")!.append(element);
    return [before, await element.ask("What is the capital of Japan?")];
  });
  expect(first).toContain("Tokyo");
  expect(second).toContain("Tokyo");
  expect(await embedEvents(visitor, "microgrid-ready")).toHaveLength(2);
});
