/** Conversations as a user works with them: write, interrupt, find, rename, delete, export. */
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expect, shot, slowEngine, test } from "./harness";
import { ChatPage } from "./pages";

const STORY = "Tell me a story about a robot";

async function ready(page: Page): Promise<ChatPage> {
  const chat = new ChatPage(page);
  await chat.ready();
  return chat;
}

/** Waits until a new answer has begun and is not finished. The previous one stays visible for a moment. */
async function begun(chat: ChatPage, former: string): Promise<void> {
  await expect
    .poll(async () => {
      const { length } = (await chat.answers.last().locator("mg-markdown .content").allInnerTexts()).join("");
      return length > 8 && length < former.length;
    })
    .toBe(true);
}

test("a conversation survives a reload, with its title and where it was answered", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = await ready(page);
  const answer = await chat.chat("What can you do?");
  await expect(chat.origin()).toContainText("On this device");
  expect((await chat.reasons()).length).toBeGreaterThan(0);
  await page.reload();
  await expect(chat.questions).toHaveText("What can you do?");
  expect(await chat.answerText()).toBe(answer);
  expect((await chat.reasons())[0]).toMatch(/tokens\/s · first word after/);
  await expect(chat.conversations.items).toHaveText(["What can you do?"]);
});

test("a stopped answer keeps its text and can be continued to the same end", async ({ openSite }) => {
  const { page } = await openSite({ prepare: slowEngine });
  const chat = await ready(page);
  const whole = await chat.chat(STORY);
  await chat.regenerate();
  await begun(chat, whole);
  await page.keyboard.press("Escape");
  await chat.finished();
  const part = await chat.answerText();
  expect(part.length).toBeLessThan(whole.length);
  await page.reload();
  await chat.ready();
  expect(await chat.answerText()).toBe(part);
  await chat.continueAnswer();
  await expect.poll(() => chat.answerText()).toBe(whole);
});

test("a page that is closed in the middle of an answer keeps the text so far", async ({ openSite }) => {
  const { page } = await openSite({ prepare: slowEngine });
  const chat = await ready(page);
  const whole = await chat.chat(STORY);
  await chat.regenerate();
  await begun(chat, whole);
  await page.reload();
  await chat.ready();
  const continues = page.getByRole("button", { name: "Continue" });
  const retries = page.getByRole("button", { name: "Retry" });
  await continues.or(retries).click();
  await expect.poll(() => chat.answerText()).toBe(whole);
});

test("a question can be edited, and the edit can be undone", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = await ready(page);
  const first = await chat.chat("What is the capital of Japan?");
  await chat.chat("who are you");
  await chat.message.press("ArrowUp");
  await expect(page.getByRole("textbox", { name: "Edit message" })).toHaveValue("who are you");
  await page.keyboard.press("Escape");
  await chat.edit(chat.questions.first(), "23 + 45");
  await expect(chat.questions).toHaveText([/^\s*23 \+ 45\s+2\/2\s*$/]);
  await chat.finished();
  expect(await chat.answerText()).toContain("bigger model");
  await chat.undo();
  await expect(chat.questions).toHaveText(["What is the capital of Japan?", "who are you"]);
  expect(await chat.answerText(chat.answers.first())).toBe(first);
});

test("conversations can be searched, renamed, deleted and restored", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = await ready(page);
  const { conversations } = chat;
  await chat.chat("What is the capital of Japan?");
  await page.keyboard.press("Control+Shift+O");
  await expect(chat.questions).toHaveCount(0);
  await chat.chat("23 + 45");
  await page.keyboard.press("Control+K");
  await conversations.search.fill("tokyo");
  await expect(conversations.items).toHaveCount(1);
  await conversations.search.press("Enter");
  await expect(chat.questions).toHaveText("What is the capital of Japan?");
  await conversations.search.fill("");
  await conversations.rename("What is the capital of Japan?", "Capitals");
  await expect(conversations.item("Capitals")).toBeVisible();
  await conversations.delete("Capitals");
  await expect(conversations.items).toHaveText(["23 + 45"]);
  await chat.undo();
  await expect(conversations.item("Capitals")).toBeVisible();
  await expect(chat.questions).toHaveText("What is the capital of Japan?");
});

test("conversations can be exported and imported, and wrong files are explained", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = await ready(page);
  const answer = await chat.chat("What is the capital of Japan?");
  const download = await chat.conversations.export("What is the capital of Japan?");
  const file = await readFile(await download.path());
  const markdown = await chat.conversations.saveAsMarkdown("What is the capital of Japan?");
  expect(await readFile(await markdown.path(), "utf8")).toContain("## You\n\nWhat is the capital of Japan?");
  await chat.conversations.import({ name: "chat.json", mimeType: "application/json", buffer: file });
  await expect(page.getByText("Nothing new: everything in this file is here already")).toBeVisible();
  await chat.conversations.delete("What is the capital of Japan?");
  await expect(chat.conversations.items).toHaveCount(0);
  await chat.conversations.import({ name: "wrong.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await expect(page.getByText("not exported by Microgrid")).toBeVisible();
  await chat.conversations.import({ name: "chat.json", mimeType: "application/json", buffer: file });
  await expect(chat.questions).toHaveText("What is the capital of Japan?");
  expect(await chat.answerText()).toBe(answer);
});

test("an answer can neither run scripts nor fetch anything", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = await ready(page);
  const content = [
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'><svg onload='window.pwned = 1'></svg>",
    "![pixel](https://example.com/track.png) [click](javascript:window.pwned=1) [fine](https://example.com/)",
    "<a href='javascript:window.pwned=1'>raw</a> <iframe src='https://example.com/'></iframe>",
    "<style>* { display: none }</style><form action='https://example.com/'><button>send</button></form>",
    "```html\n<b>code</b>\n```",
  ].join("\n\n");
  const message = { id: "2", role: "assistant", content, createdAt: 1, status: "complete" };
  const file = {
    format: "microgrid-conversations",
    version: 1,
    conversations: [
      {
        id: "a",
        title: "Nasty",
        createdAt: 1,
        updatedAt: 1,
        settings: { sampling: {}, stop: [] },
        messages: [message],
      },
    ],
  };
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await chat.conversations.import({
    name: "nasty.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(file)),
  });
  const shown = chat.answers.last().locator("mg-markdown .content");
  await expect(shown.getByText("<b>code</b>")).toBeVisible();
  await expect(shown.locator("img, script, iframe, svg, style, form, [onerror], [onload]")).toHaveCount(0);
  await expect(shown.getByRole("link", { name: "fine" })).toHaveAttribute("rel", "noopener noreferrer nofollow");
  const targets = await shown.locator("a[href]").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(targets.filter((href) => !href?.startsWith("https://"))).toEqual([]);
  await expect(shown.getByRole("button")).toHaveText(["Copy"]);
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  expect(asked.filter((url) => url.includes("example.com"))).toEqual([]);
});

test("a message that was typed but not sent is kept for each conversation", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = await ready(page);
  await chat.chat("23 + 45");
  await chat.message.fill("half a thought");
  await page.keyboard.press("Control+Shift+O");
  await expect(chat.message).toHaveValue("");
  await chat.message.fill("another");
  await chat.conversations.item("23 + 45").click();
  await expect(chat.message).toHaveValue("half a thought");
  await page.reload();
  await expect(chat.message).toHaveValue("half a thought");
});

test("another tab shows the messages of this one", async ({ openSite }) => {
  const site = await openSite();
  const chat = await ready(site.page);
  await chat.chat("23 + 45");
  const other = new ChatPage((await site.openTab()).page);
  await other.conversations.item("23 + 45").click();
  await expect(other.questions).toHaveText("23 + 45");
  const answer = await other.chat("who are you");
  await expect(chat.questions).toHaveText(["23 + 45", "who are you"]);
  await chat.finished();
  expect(await chat.answerText()).toBe(answer);
});

test("settings of a chat reach the model", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = await ready(page);
  await chat.chatSettings.open();
  await chat.chatSettings.set(chat.chatSettings.maxTokens, "3");
  const short = await chat.chat("What can you do?");
  await expect(page.getByText("Cut off at the length limit.")).toBeVisible();
  await chat.chatSettings.reset();
  await chat.continueAnswer();
  await expect.poll(async () => (await chat.answerText()).length).toBeGreaterThan(short.length + 20);
});

test("everything can be deleted, in all tabs", async ({ openSite }) => {
  const site = await openSite();
  const { page } = site;
  const chat = await ready(page);
  await chat.chat("What is the capital of Japan?");
  const other = new ChatPage((await site.openTab()).page);
  await expect(other.conversations.items).toHaveCount(1);
  const did = await page.evaluate(() => window.microgrid!.state.node.did);
  await chat.settings.open();
  await page.getByRole("button", { name: "Delete everything here…" }).click();
  await expect(page.getByRole("button", { name: "Delete everything now" })).toBeInViewport({ ratio: 1 });
  await shot(site, "delete-everything");
  await page.getByRole("button", { name: "Delete everything now" }).click();
  await expect(chat.conversations.items).toHaveCount(0);
  await expect(other.conversations.items).toHaveCount(0);
  await chat.ready();
  expect(await page.evaluate(() => window.microgrid!.state.node.did)).not.toBe(did);
  expect(await page.evaluate(() => Object.keys(localStorage).includes("microgrid.erase"))).toBe(false);
});

/** A file with one chat of many turns. */
function longChat(turns: number, words: number): Buffer {
  const messages = Array.from({ length: 2 * turns }, (_, at) => ({
    id: String(at),
    role: at % 2 ? "assistant" : "user",
    content: `${at} ${"word ".repeat(words)}`,
    createdAt: at,
    status: "complete",
  }));
  const chat = {
    id: "long",
    title: "Long",
    createdAt: 1,
    updatedAt: 1,
    settings: { sampling: {}, stop: [] },
    messages,
  };
  return Buffer.from(JSON.stringify({ format: "microgrid-conversations", version: 1, conversations: [chat] }));
}

test("a chat goes on beyond the model's context, and a message that is too long stays in the field", async ({
  openSite,
}) => {
  const site = await openSite();
  const { page } = site;
  const chat = await ready(page);
  await chat.conversations.import({ name: "long.json", mimeType: "application/json", buffer: longChat(30, 30) });
  await expect(chat.questions).toHaveCount(30);
  await chat.chatSettings.open();
  await chat.chatSettings.set(chat.chatSettings.maxTokens, "8");
  expect(await chat.chat("What is the capital of Japan?")).not.toBe("");
  await expect(page.getByText(/The oldest \d+ messages no longer fit this model; it did not read them/)).toBeVisible();
  await shot(site, "beyond-the-context");
  const text = "word ".repeat(20_000).trim();
  await chat.message.fill(text);
  await chat.message.press("Enter");
  await expect(page.getByRole("alert")).toHaveText(/This message has about 2\d,\d{3} tokens; .* at most 1,024/);
  await expect(chat.message).toHaveValue(text);
  await expect(chat.questions).toHaveCount(31);
  expect(await chat.chat("What is the capital of France?")).not.toBe("");
});

test("an answer that is made again is another version, also after a reload", async ({ openSite }) => {
  const site = await openSite();
  const { page } = site;
  const chat = await ready(page);
  await chat.chatSettings.open();
  await chat.chatSettings.set(chat.chatSettings.maxTokens, "3");
  const first = await chat.chat(STORY);
  await chat.chatSettings.reset();
  await page.getByRole("button", { name: "Regenerate with another model" }).click();
  await page.getByRole("menuitem", { name: /^Guide/ }).click();
  await chat.finished();
  await expect(page.getByLabel("Version 2 of 2")).toBeVisible();
  await shot(site, "versions");
  const second = await chat.answerText();
  await page.getByRole("button", { name: "Previous version" }).click();
  await expect(page.getByLabel("Version 1 of 2")).toBeVisible();
  expect(await chat.answerText()).toBe(first);
  await page.reload();
  await expect(page.getByLabel("Version 1 of 2")).toBeVisible();
  await page.getByRole("button", { name: "Next version" }).click();
  await expect.poll(() => chat.answerText()).toBe(second);
});
