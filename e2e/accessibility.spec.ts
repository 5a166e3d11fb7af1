/** People who listen, type and hold phones: the rules of axe-core on each view, headings, and a layout that keeps still. */
import { type SitePage, expect, isAccessible, test } from "./harness";
import { ChatPage, EmbeddedChat } from "./pages";

/** Colours of code, lines that scroll, a table, a formula and a footnote. */
const RICH_ANSWER = [
  `\`\`\`ts\nexport function add(a: number, b = 1): number {\n  return a + b; // ${"a long comment ".repeat(20)}\n}\n\`\`\``,
  "| name | value |\n| --- | --- |\n| one | `1` |",
  "A formula, $x^2$, and a note[^1].\n\n[^1]: The note.",
].join("\n\n");

test("axe finds nothing to mend in eleven views and both themes", async ({ openSite, site, foreignSite }) => {
  const anna = await openSite({ name: "anna" });
  const { page } = anna;
  const chat = new ChatPage(page);
  await chat.ready();
  await isAccessible(page, "home");

  await chat.chat("Write a list of three colors.");
  await expect(page.getByRole("heading", { name: "You asked" })).toHaveCount(1);
  await expect(page.getByRole("heading", { name: "Answer" })).toHaveCount(1);
  await expect(page.locator("[aria-live=polite]")).toContainText("This device answered.");
  await isAccessible(page, "chat");

  await chat.models.open();
  await isAccessible(page, "models");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Chat settings" }).click();
  await expect(page.getByRole("complementary", { name: "Chat settings" })).toContainText("Temperature");
  await isAccessible(page, "chat settings");
  await chat.settings.open();
  await isAccessible(page, "settings");
  await page.keyboard.press("Escape");

  await chat.room.open();
  await expect(page.getByRole("textbox", { name: "Name of the room" })).toBeVisible();
  await isAccessible(page, "form of a room");
  const invite = await chat.room.create("Attic");
  await isAccessible(page, "room");
  await page.getByRole("button", { name: "Rules" }).first().click();
  await isAccessible(page, "rules");

  const ben = await openSite({ name: "ben", url: invite });
  await expect(new ChatPage(ben.page).room.question).toBeVisible();
  await isAccessible(ben.page, "join");

  const foreign = await foreignSite({
    "/": `<!doctype html><html lang="en"><title>Elsewhere</title><meta name="color-scheme" content="light dark">
      <script type="module" src="${site.url}embed/microgrid.js"></script><microgrid-chat></microgrid-chat>`,
  });
  const cleo = await openSite({ name: "cleo", url: foreign.url });
  const embedded = new EmbeddedChat(cleo);
  await embedded.ready();
  await embedded.ask("What is the capital of Japan?");
  await isAccessible(cleo.page, "element", "microgrid-chat");

  await page.evaluate((text) => {
    const answer = Object.assign(document.createElement("mg-markdown"), { text });
    document.body.replaceChildren(answer);
  }, RICH_ANSWER);
  await expect(page.getByRole("button", { name: "Copy code" })).toBeVisible();
  await expect(page.locator("mg-markdown .hljs-keyword").first()).toBeVisible();
  await isAccessible(page, "code and tables", "mg-markdown");
});

test("on a phone, Back closes what lies over the page, and nothing more", async ({ openSite }) => {
  const { page } = await openSite({
    context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  });
  const chat = new ChatPage(page);
  const drawer = page.getByRole("button", { name: "Show conversations" });
  const panel = page.getByRole("complementary", { name: "Chat settings" });
  const layers = () => page.evaluate(() => (history.state as { layers: number } | null)?.layers ?? 0);
  await chat.ready();
  await chat.chat("What is WebGPU?");
  const address = page.url();
  expect(address).toContain("#/c/");

  await chat.models.open();
  await expect.poll(layers).toBe(1);
  await page.goBack();
  await expect(chat.models.dialog).toBeHidden();

  await page.getByRole("button", { name: "Chat settings" }).click();
  await expect.poll(layers).toBe(1);
  await page.goBack();
  await expect(panel).toBeHidden();
  expect(page.url()).toBe(address);

  // An overlay that closes by itself leaves nothing behind: the next press of Back leads to the chat before.
  await drawer.click();
  await chat.settings.open();
  await expect.poll(layers).toBe(1);
  await chat.settings.close();
  await expect.poll(layers).toBe(0);
  await drawer.click();
  await expect.poll(layers).toBe(1);
  await chat.conversations.newChat.click();
  await expect(page).toHaveURL(/#\/$/);
  await page.goBack();
  await expect(page).toHaveURL(address);
  await expect.poll(layers).toBe(0);
  await expect(chat.questions).toHaveCount(1);
});

/** The panel that has the focus, or the name of the focused element; “body” if nothing has it. */
function focusPlace({ page }: SitePage): Promise<string> {
  return page.evaluate(() => {
    let focused = document.activeElement;
    let panel: Element | null = null;
    for (;;) {
      panel = focused?.closest("aside[tabindex]") ?? panel;
      const inner: Element | null | undefined = focused?.shadowRoot?.activeElement;
      if (!inner) break;
      focused = inner;
    }
    return panel?.getAttribute("aria-label") ?? focused?.getAttribute("aria-label") ?? focused?.localName ?? "body";
  });
}

test("the focus stays near when the focused element goes away", async ({ openSite }) => {
  const anna = await openSite({ name: "anna" });
  const { page } = anna;
  const chat = new ChatPage(page);
  const { room } = chat;
  await chat.ready();
  await room.open();
  await page.getByRole("textbox", { name: "Name of the room" }).fill("Attic");
  await page.getByRole("button", { name: "Open the room" }).press("Enter");
  await expect(room.invite).toBeVisible();
  await expect.poll(() => focusPlace(anna)).toBe("Room");

  // A hint belongs to its switch.
  const layers = page.getByRole("switch", { name: "Hold layers of larger models" });
  await expect(layers).not.toBeChecked();
  await page.getByText(/Others can then run models with this device/).click();
  await expect(layers).toBeChecked();

  await page.getByRole("button", { name: "Leave the room" }).press("Enter");
  await page.getByRole("button", { name: "Leave", exact: true }).press("Enter");
  await expect(page.getByRole("textbox", { name: "Name of the room" })).toBeVisible();
  await expect.poll(() => focusPlace(anna)).toBe("Room");
  await page.getByRole("button", { name: "Close panel" }).press("Enter");
  await expect.poll(() => focusPlace(anna)).toBe("Message");
});

/** Runs in the page before its scripts: notes each move of the page by itself. */
function noteShifts(): void {
  const notes: { value: number; text: string }[] = [];
  Object.assign(window, { shifts: notes });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; sources: unknown })[])
      notes.push({ value: entry.value, text: `${entry.value}: ${JSON.stringify(entry.sources)}` });
  }).observe({ type: "layout-shift", buffered: true });
}

test("the page keeps still while it starts, on a phone and on a laptop", async ({ openSite }) => {
  for (const [name, viewport] of Object.entries({
    phone: { width: 390, height: 844 },
    laptop: { width: 1280, height: 800 },
  })) {
    const prepare = async ({ page }: SitePage): Promise<void> => {
      await page.addInitScript(noteShifts);
    };
    const { page } = await openSite({ name, context: { viewport }, prepare });
    for (const visit of ["first", "second"]) {
      if (visit === "second") await page.reload();
      await new ChatPage(page).ready();
      const shifts = await page.evaluate(
        () => (window as unknown as { shifts: { value: number; text: string }[] }).shifts,
      );
      const total = shifts.reduce((sum, { value }) => sum + value, 0);
      expect(total, `${name}, ${visit} visit:\n${shifts.map(({ text }) => text).join("\n")}`).toBeLessThanOrEqual(0.05);
    }
  }
});
