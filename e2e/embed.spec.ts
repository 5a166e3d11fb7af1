/** `<microgrid-chat>` on a page of another site, which sends no isolation headers and has its own styles. */
import { readFileSync } from "node:fs";
import type { ErrorDetail, MicrogridElementEvents } from "../src/embed";
import type {} from "../src/embed/chat-element";
import { expect, expectPeers, gridReady, loadModel, openRoom, shot, slowEngine, test, type SitePage } from "./harness";
import { EmbeddedChat, GUIDE_NAME } from "./pages";

type EventName = keyof MicrogridElementEvents;
type Seen = { readonly [K in EventName]: { readonly type: K; readonly detail: MicrogridElementEvents[K] } }[EventName];

declare global {
  interface Window {
    /** Every event that reached the document, as plain data. */
    seen: Seen[];
  }
}

const golden = (
  JSON.parse(readFileSync(new URL("fixtures/golden.json", import.meta.url), "utf8")) as {
    items: { messages: { role: string; content: string }[]; completion: string }[];
  }
).items;

/** A page that embeds the script of `site`; `body` is inserted as it is. */
function pageOf(site: string, body: string, head = ""): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>Elsewhere</title>
    <script>
      window.seen = [];
      for (const name of ["ready", "progress", "token", "done", "error", "peer-change"])
        document.addEventListener("microgrid-" + name, ({ type, detail }) =>
          seen.push({ type, detail: JSON.parse(JSON.stringify({ ...detail, grid: undefined })) }));
    </script>
    <script type="module" src="${site}embed/microgrid.js"></script>${head}</head><body>${body}</body></html>`;
}

async function events<K extends EventName>({ page }: SitePage, type: K): Promise<MicrogridElementEvents[K][]> {
  const seen = await page.evaluate(() => window.seen);
  return seen.filter((each) => each.type === type).map(({ detail }) => detail as MicrogridElementEvents[K]);
}

test("answers on another origin with the golden completion, and says where it was computed", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const foreign = await foreignSite({ "/": pageOf(site.url, "<h1>My blog</h1><microgrid-chat></microgrid-chat>") });
  const visitor = await openSite({ url: foreign.url });
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

  const [ready] = await events(visitor, "microgrid-ready");
  expect(ready).toMatchObject({ model: "guide", backend: "wasm" });
  expect((await events(visitor, "microgrid-progress")).length).toBeGreaterThan(0);
  const tokens = await events(visitor, "microgrid-token");
  expect(tokens.map((token) => token.text).join("")).toBe(item.completion);
  expect(tokens.at(-1)?.answer).toBe(item.completion);
  expect(tokens[0]?.provider.kind).toBe("local");
  const done = await events(visitor, "microgrid-done");
  expect(done).toHaveLength(1);
  expect(done[0]).toMatchObject({
    question: item.messages[0]!.content,
    answer: item.completion,
    finishReason: "stop",
    summary: { provider: { kind: "local" }, attempts: 1 },
  });
  expect(await events(visitor, "microgrid-error")).toEqual([]);
});

test("asks before it joins a room of the first origin, and gets its answer from the peer there", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const anna = await openSite({ name: "anna" });
  await gridReady(anna);
  await loadModel(anna);
  const invite = await openRoom(anna);

  const body = `<microgrid-chat model="" room="${invite}" theme="dark"></microgrid-chat>`;
  const foreign = await foreignSite({ "/": pageOf(site.url, body) });
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
  expect((await events(ben, "microgrid-error")).map(({ code, during }) => ({ code, during }))).toEqual([
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
  await expect.poll(async () => (await events(ben, "microgrid-peer-change")).at(-1)?.peers[0]?.offers.length).toBe(1);
  await chat.ask(item.messages[0]!.content);
  await expect(chat.origin).not.toContainText("On this device");
  const [done] = await events(ben, "microgrid-done");
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
  const bare = pageOf(site.url, '<microgrid-chat model=""></microgrid-chat>');
  const foreign = await foreignSite({ "/": pageOf(site.url, body), "/bare": bare });
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
  await expectPeers(anna, 1, 1);
  await loadModel(anna);
  await anna.page.evaluate(() => window.microgrid!.rooms.current!.share());
  await expect.poll(async () => (await events(ben, "microgrid-peer-change")).at(-1)?.peers[0]?.offers.length).toBe(1);
  await expect(chat.root).toContainText("It is answered on your own device.");
  await ben.page.evaluate(() => document.querySelector("microgrid-chat")!.grid!.models.unload("guide"));
  await chat.ask("Hello!");
  await expect(chat.answers.last()).toContainText("loads no model on your device");
  await chat.root.getByRole("button", { name: "Leave" }).click();
  await expectPeers(anna, 0);
});

test("stop ends an answer and keeps its text so far", async ({ site, foreignSite, openSite }) => {
  const foreign = await foreignSite({ "/": pageOf(site.url, "<microgrid-chat></microgrid-chat>") });
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
  const tokens = await events(visitor, "microgrid-token");
  expect(tokens.map((token) => token.text).join("")).toBe(text);
  expect(tokens).toHaveLength(3);
  expect(await events(visitor, "microgrid-done")).toMatchObject([{ finishReason: "stopped", answer: text }]);
  await expect(chat.answers.last()).toContainText("Stopped.");

  // Enter on the button does the same.
  await chat.message.fill(long.messages.at(-1)!.content);
  await chat.message.press("Enter");
  await expect.poll(async () => (await events(visitor, "microgrid-token")).length).toBeGreaterThan(3);
  await chat.root.getByRole("button", { name: "Stop answering" }).focus();
  await visitor.page.keyboard.press("Enter");
  await expect.poll(async () => (await events(visitor, "microgrid-done")).length).toBe(2);
  expect(await events(visitor, "microgrid-done")).toMatchObject([{}, { finishReason: "stopped" }]);
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

test("a bad room attribute and an unknown model are explained, and the rest keeps working", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const body = `<microgrid-chat room="https://example.org/#/join/nonsense"></microgrid-chat>
    <microgrid-chat model="no-such-model"></microgrid-chat>`;
  const foreign = await foreignSite({ "/": pageOf(site.url, body) });
  const visitor = await openSite({ url: foreign.url });
  const chat = new EmbeddedChat(visitor);
  await expect(chat.root.getByRole("alert")).toContainText("The room of this page cannot be entered.");
  await chat.ready();
  await chat.ask("What is the capital of Japan?");
  await expect(chat.answers.last()).toContainText("Tokyo");

  const other = new EmbeddedChat(visitor, 1);
  await expect(other.root.getByRole("alert")).toContainText("no-such-model");
  const errors = await events(visitor, "microgrid-error");
  expect(errors.map(({ code, during }: ErrorDetail) => ({ code, during }))).toEqual(
    expect.arrayContaining([
      { code: "invite-malformed", during: "room" },
      { code: "unknown-model", during: "load" },
    ]),
  );
  await shot(visitor, "embed-errors", { fullPage: true });

  // One grid for both.
  expect(
    await visitor.page.evaluate(() => {
      const [a, b] = Array.from(document.querySelectorAll("microgrid-chat"));
      return a!.grid !== undefined && a!.grid === b!.grid;
    }),
  ).toBe(true);
  // Attributes and properties mirror each other.
  await visitor.page.evaluate(() => {
    const [, element] = Array.from(document.querySelectorAll("microgrid-chat"));
    element!.placeholder = "Now try me";
    element!.model = "guide";
  });
  await expect(visitor.page.locator("microgrid-chat").nth(1)).toHaveAttribute("model", "guide");
  await expect(other.root.getByRole("alert")).toHaveCount(0);
  await expect(other.root.getByPlaceholder("Now try me")).toBeVisible();
  await other.ask("What is the capital of Japan?");
  await expect(other.answers.last()).toContainText("Tokyo");
});

test("greets, suggests, follows the accent of the page, and names wrong attributes", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const body = `<microgrid-chat greeting="Welcome to the bakery." suggestions="What is the capital of Japan?|Who are you?"
    policy="rooms" temperature="hot" theme="light" style="--mg-accent: rgb(255, 0, 0); --mg-surface: rgb(255, 255, 255)"
    ></microgrid-chat>`;
  const foreign = await foreignSite({ "/": pageOf(site.url, body) });
  const warnings: string[] = [];
  const visitor = await openSite({
    url: foreign.url,
    prepare: ({ page }) =>
      Promise.resolve(
        void page.on("console", (message) => message.type() === "warning" && warnings.push(message.text())),
      ),
  });
  const chat = new EmbeddedChat(visitor);
  await chat.ready();
  const wrong = /policy="rooms".*temperature="hot"/;
  await expect(chat.root.getByRole("alert")).toHaveText(wrong);
  expect(warnings.filter((text) => wrong.test(text))).toHaveLength(1);
  expect(await events(visitor, "microgrid-error")).toMatchObject([{ code: "bad-request", during: "attributes" }]);
  await expect(chat.root).toContainText("Welcome to the bakery.");
  await expect(chat.root).toContainText("on your own device, by a small demo model that knows little.");
  await expect(chat.root.getByRole("link", { name: "Open Microgrid" })).toHaveAttribute("href", site.url);
  await shot(visitor, "embed-greeting");

  await visitor.page.evaluate(() => {
    const element = document.querySelector("microgrid-chat")!;
    element.policy = "device";
    element.temperature = "0";
  });
  await expect(chat.root.getByRole("alert")).toHaveCount(0);
  await chat.root.getByRole("button", { name: "What is the capital of Japan?" }).click();
  await expect(chat.answers.last()).toContainText("Tokyo");
  const bubble = chat.root.getByText("What is the capital of Japan?");
  await expect(bubble).toHaveCSS("background-color", "color(srgb 1 0.88 0.88)");
});

test("runs under the Content-Security-Policy of the documentation, and names the policy that stops it", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const document = readFileSync(new URL("../docs/embed.md", import.meta.url), "utf8");
  const recipe = /```csp\n([^`]+)```/.exec(document)![1]!.replaceAll("https://your-microgrid.example", site.url);
  const under = (policy: string): string =>
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; ${policy}">
      <script type="module" src="${site.url}embed/microgrid.js"></script></head>
      <body><microgrid-chat></microgrid-chat></body></html>`;
  const foreign = await foreignSite({ "/": under(recipe), "/none": under(recipe.replace(/worker-src [^;]+;/, "")) });
  const visitor = await openSite({ url: foreign.url });
  const chat = new EmbeddedChat(visitor);
  await chat.ready();
  await chat.ask("What is the capital of Japan?");
  await expect(chat.answers.last()).toContainText("Tokyo");
  expect(visitor.problems.unexpected()).toEqual([]);

  visitor.problems.expect("Content Security Policy");
  await visitor.page.goto(`${foreign.url}none`);
  await expect(chat.root.getByRole("alert")).toContainText("Content-Security-Policy");
});

test("hostile styles stay outside, and the page stays as it was", async ({ site, foreignSite, openSite }) => {
  const hostile = `<style>
    html { font-size: 40px; }
    * { letter-spacing: 12px !important; text-transform: uppercase !important; line-height: 3 !important;
        color: red !important; font-family: cursive !important; text-align: right !important; }
    button, textarea, p, ul, li, article, header, form, details { background: yellow !important; padding: 40px !important; }
  </style>`;
  const body = `<microgrid-chat style="--mg-accent: rgb(120, 40, 200)"><b slot="header">My title</b></microgrid-chat>`;
  const foreign = await foreignSite({ "/": pageOf(site.url, body, hostile), "/plain": pageOf(site.url, body) });
  const visitor = await openSite({ url: foreign.url });
  const chat = new EmbeddedChat(visitor);
  await chat.ready();
  await chat.ask("What is the capital of Japan?");
  const looks = () =>
    visitor.page.evaluate(() => {
      const inside = (root: ParentNode): Element[] =>
        [...root.querySelectorAll("*")].flatMap((part) => [part, ...(part.shadowRoot ? inside(part.shadowRoot) : [])]);
      const parts = inside(document.querySelector("microgrid-chat")!.shadowRoot!.querySelector(".frame")!);
      return parts.map((part) => {
        const style = getComputedStyle(part);
        const { fontSize, letterSpacing, textTransform, lineHeight, color, padding, backgroundColor, textAlign } =
          style;
        return [
          part.tagName,
          fontSize,
          letterSpacing,
          textTransform,
          lineHeight,
          color,
          padding,
          backgroundColor,
          textAlign,
        ];
      });
    });
  const answered = async (): Promise<void> => {
    // Until the Markdown view is loaded, the answer is shown as plain text.
    await expect(chat.answers.last().locator("microgrid-markdown")).toContainText("Tokyo");
    await expect(chat.root.getByRole("button", { name: "Copy answer" })).toBeVisible();
  };
  await answered();
  // The page may style the content of its slots, so this leaves them out.
  const inHostile = await looks();
  await shot(visitor, "embed-hostile-page");
  const touched = await visitor.page.evaluate(() => ({
    styleSheets: document.styleSheets.length + document.adoptedStyleSheets.length,
    head: Array.from(document.head.children, (child) => child.tagName),
    body: Array.from(document.body.children, (child) => child.tagName),
    microgrid: "microgrid" in window,
  }));
  expect(touched).toEqual({
    styleSheets: 1,
    head: ["META", "META", "TITLE", "SCRIPT", "SCRIPT", "STYLE"],
    body: ["MICROGRID-CHAT"],
    microgrid: false,
  });
  await visitor.page.goto(`${foreign.url}plain`);
  await chat.ready();
  await chat.ask("What is the capital of Japan?");
  await answered();
  expect(inHostile).toEqual(await looks());
});

test("computes on WebGPU too, from workers of the other origin", async ({ site, foreignSite, openSite }) => {
  const foreign = await foreignSite({ "/": pageOf(site.url, '<microgrid-chat model=""></microgrid-chat>') });
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

test("looks right on a phone in the dark, and explains the choice of the provider", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const body = `<style>body { margin: 0; background: Canvas; color-scheme: light dark } microgrid-chat { height: 100dvh }</style>
    <microgrid-chat></microgrid-chat>`;
  const foreign = await foreignSite({ "/": pageOf(site.url, body) });
  const visitor = await openSite({
    url: foreign.url,
    context: { viewport: { width: 360, height: 740 }, colorScheme: "dark" },
  });
  const chat = new EmbeddedChat(visitor);
  await chat.ready();
  await chat.ask("Write a list of three colors.");
  await chat.origin.click();
  await expect(chat.root.getByText(/is the only one that can answer/)).toBeVisible();
  const width = await visitor.page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBe(360);
  await shot(visitor, "embed-phone-dark");
  await chat.root.getByRole("button", { name: "New chat" }).click();
  await expect(chat.answers).toHaveCount(0);
});

test("an element made by a script can be asked at once, and continues after it was moved", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const foreign = await foreignSite({ "/": pageOf(site.url, "<main></main><aside></aside>") });
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
  expect(await events(visitor, "microgrid-ready")).toHaveLength(2);
});
