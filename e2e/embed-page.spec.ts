/** The decisions of a page about `<microgrid-chat>`: attributes, policies, styles and looks. It decides nothing else. */
import { readFileSync } from "node:fs";
import type { ErrorDetail } from "../src/embed";
import type {} from "../src/embed/chat-element";
import { expect, gridReady, openRoom, shot, test, visitorWithModel } from "./harness";
import { EmbeddedChat, embedEvents, embeddingPage } from "./pages";

/** The files of the built-in model, about. */
const GUIDE_BYTES = 5.5e6;

test("a bad room attribute and an unknown model are explained, and the rest keeps working", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const body = `<microgrid-chat room="https://example.org/#/join/nonsense"></microgrid-chat>
    <microgrid-chat model="no-such-model"></microgrid-chat>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
  const visitor = await openSite({ url: foreign.url });
  const chat = new EmbeddedChat(visitor);
  await expect(chat.root.getByRole("alert")).toContainText("The room of this page cannot be entered.");
  await chat.ready();
  await chat.ask("What is the capital of Japan?");
  await expect(chat.answers.last()).toContainText("Tokyo");

  const other = new EmbeddedChat(visitor, 1);
  await expect(other.root.getByRole("alert")).toContainText("no-such-model");
  const errors = await embedEvents(visitor, "microgrid-error");
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
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
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
  expect(await embedEvents(visitor, "microgrid-error")).toMatchObject([{ code: "bad-request", during: "attributes" }]);
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
  const foreign = await foreignSite({
    "/": embeddingPage(site.url, body, hostile),
    "/plain": embeddingPage(site.url, body),
  });
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

test("looks right on a phone in the dark, and explains the choice of the provider", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const body = `<style>body { margin: 0; background: Canvas; color-scheme: light dark } microgrid-chat { height: 100dvh }</style>
    <microgrid-chat></microgrid-chat>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
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

test("fits into a low space: nothing of the question before a room is covered, and answers are followed", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const anna = await openSite({ name: "anna" });
  await gridReady(anna);
  const body = `<style>microgrid-chat { height: 300px }</style>
    <microgrid-chat room="${await openRoom(anna)}"></microgrid-chat><microgrid-chat></microgrid-chat>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
  const ben = await openSite({
    name: "ben",
    url: foreign.url,
    context: { viewport: { width: 400, height: 620 } },
  });
  const asking = new EmbeddedChat(ben);
  await asking.question.getByRole("button", { name: "Open invite" }).click();
  const join = asking.question.getByRole("button", { name: "Join", exact: true });
  await join.waitFor();
  const share = asking.question.getByRole("checkbox", { name: /Share this device/ });
  await share.check();
  await shot(ben, "embed-low");
  const [box, above] = [await join.boundingBox(), await share.boundingBox()];
  expect(above!.y + above!.height).toBeLessThan(box!.y);
  await expect(asking.message).toBeHidden();
  await asking.question.getByRole("button", { name: "Cancel" }).click();
  await expect(asking.message).toBeVisible();

  const chat = new EmbeddedChat(ben, 1);
  await chat.ready();
  for (const question of ["Tell me a story about a robot.", "What can you do?"]) {
    await chat.ask(question);
    await expect(chat.origin.last()).toBeInViewport({ ratio: 1 });
  }
  // A person who reads further up stays there.
  const log = chat.root.getByRole("log");
  await log.hover();
  await ben.page.mouse.wheel(0, -10_000);
  await expect.poll(() => log.evaluate(({ scrollTop }) => scrollTop)).toBe(0);
  const after = await log.evaluate(async (element) => {
    element.firstElementChild!.append(document.createElement("hr"));
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    return element.scrollTop;
  });
  expect(after).toBe(0);
});

test("counts the engine's own files in the progress of a first visit, and fetches them once", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const foreign = await foreignSite({ "/": embeddingPage(site.url, "<microgrid-chat></microgrid-chat>") });
  const visitor = await openSite({ url: foreign.url });
  await new EmbeddedChat(visitor).ready();
  const steps = (await embedEvents(visitor, "microgrid-progress")).filter(({ phase }) => phase === "download");
  const loaded = steps.map(({ loadedBytes }) => loadedBytes);
  expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
  // One sum from the first byte to the last, larger than the model.
  const totals = new Set(steps.map(({ totalBytes }) => totalBytes).filter((bytes) => bytes > 0));
  expect(totals.size).toBe(1);
  expect([...totals][0]).toBe(loaded.at(-1));
  expect(loaded.at(-1)).toBeGreaterThan(GUIDE_BYTES + 1e6);
  expect(steps.at(-1)?.text).toMatch(/This includes the engine, [\d.]+ MB\.$/);

  // The second of two fetches finds the file in the cache. The page's own origin is told so.
  await expect(async () => {
    const own = await visitorWithModel(openSite);
    const sent = await Promise.all(
      own.page
        .workers()
        .map((worker) =>
          worker.evaluate(() =>
            (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
              .filter(({ name }) => name.endsWith(".wasm"))
              .map(({ transferSize }) => transferSize > 0),
          ),
        ),
    );
    // As long as the server has no compressed copy yet, the file is too large for the cache of a private window.
    expect(sent.flat()).toEqual([true, false]);
  }).toPass();
});
