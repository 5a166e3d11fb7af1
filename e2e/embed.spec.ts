/** `<microgrid-chat>` on a page of another site, which sends no isolation headers and has styles of its own. */
import type { Locator } from "@playwright/test";
import { readFileSync } from "node:fs";
import type { ErrorDetail, MicrogridElementEvents } from "../src/embed";
import type {} from "../src/embed/chat-element";
import { expect, expectPeers, gridReady, loadModel, openRoom, shot, test, type SitePage } from "./harness";

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

/** A page that embeds the script of `site`; `body` is put in as it is. */
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

/** The element as a person meets it; Playwright's locators look into open shadow roots. */
class Chat {
  readonly root: Locator;
  readonly answers: Locator;
  readonly message: Locator;
  readonly question: Locator;
  readonly origin: Locator;

  constructor({ page }: SitePage, nth = 0) {
    this.root = page.locator("microgrid-chat").nth(nth);
    this.answers = this.root.getByRole("article", { name: "Answer" });
    this.message = this.root.getByRole("textbox", { name: "Message" });
    this.question = this.root.getByRole("form", { name: "Join a room?" });
    this.origin = this.root.locator("details summary");
  }

  async ready(): Promise<void> {
    await expect(this.root.getByRole("progressbar")).toHaveCount(0, { timeout: 60_000 });
    await expect(this.message).toBeVisible();
  }

  async ask(text: string): Promise<string> {
    const before = await this.answers.count();
    await this.message.fill(text);
    await this.message.press("Enter");
    await expect(this.answers).toHaveCount(before + 1);
    await expect(this.answers.last()).toHaveAttribute("aria-busy", "false", { timeout: 60_000 });
    return this.answers.last().locator(".text, .plain").innerText();
  }
}

async function events<K extends EventName>({ page }: SitePage, type: K): Promise<MicrogridElementEvents[K][]> {
  const seen = await page.evaluate(() => window.seen);
  return seen.filter((each) => each.type === type).map(({ detail }) => detail as MicrogridElementEvents[K]);
}

test("answers on another origin with the golden completion, and says where", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const foreign = await foreignSite({ "/": pageOf(site.url, "<h1>My blog</h1><microgrid-chat></microgrid-chat>") });
  const visitor = await openSite({ url: foreign.url });
  expect(await visitor.page.evaluate(() => crossOriginIsolated)).toBe(false);
  const chat = new Chat(visitor);
  await chat.ready();
  await shot(visitor, "embed-empty");

  const item = golden.find(({ messages }) => messages.length === 1)!;
  const text = await visitor.page.evaluate(
    (question) => document.querySelector("microgrid-chat")!.ask(question),
    item.messages[0]!.content,
  );
  expect(text).toBe(item.completion);
  await expect(chat.origin).toContainText("On this device");
  await expect(chat.origin).toContainText("WASM");

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
