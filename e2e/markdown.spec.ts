/** How answers look, and what stays in place while they are written. The element that shows them is driven directly. */
import { expect, shot, test, type SitePage } from "./harness";
import { ChatPage } from "./pages";

/** An element of the page that shows `text` as an answer that is being written, with nothing else on the page. */
async function showGrowing({ page }: SitePage, text: string): Promise<void> {
  await page.evaluate(async (first) => {
    await customElements.whenDefined("mg-markdown");
    const element = document.createElement("mg-markdown");
    Object.assign(element, { text: first, streaming: true });
    document.body.replaceChildren(element);
  }, text);
}

/** More text arrives. Resolves when it is shown. */
async function grow({ page }: SitePage, text: string): Promise<void> {
  await page.locator("mg-markdown").evaluate(async (shown, more) => {
    const element = shown as HTMLElement & { text: string; updateComplete: Promise<boolean> };
    element.text += more;
    await element.updateComplete;
  }, text);
}

test("a selection, the focus and a pressed button stay while text arrives", async ({ openSite }) => {
  const site = await openSite({ context: { permissions: ["clipboard-read", "clipboard-write"] } });
  const { page } = site;
  await new ChatPage(page).ready();
  const selected = () => page.evaluate(() => getSelection()?.toString());

  await showGrowing(site, "Some **bold** words are selected he");
  const word = page.getByText("words are selected");
  const box = (await page.locator("mg-markdown strong").boundingBox())!;
  await page.mouse.move(box.x, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 120, box.y + box.height / 2);
  await page.mouse.up();
  const before = await selected();
  expect(before).toMatch(/^bold words/);
  for (const text of ["re, *and", " more* of", " it", "\n\nA second paragraph, ", "and the end."])
    await grow(site, text);
  await expect(word).toBeVisible();
  expect(await selected()).toBe(before);

  await showGrowing(site, "Code:\n\n```js\nlet first = 1;\n");
  const copy = page.getByRole("button", { name: "Copy code" });
  const { x, y, width, height } = (await copy.boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await grow(site, "let second");
  await page.mouse.up();
  await expect(copy).toHaveText("Copied");
  await grow(site, " = 2;\n");
  await expect(copy).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("let first = 1;\nlet second");
});

const ANSWER = String.raw`3. It costs $5 and $10.
4. Broken: $\frac{$

The solutions are \(x_1\) and $x_2$:

\[
x_{1,2} = \frac{-b \pm \sqrt{b^2-4ac}}{2a}
\]

~~~python
def double(n): return 2 * n  # a comment that is so long that this line does not fit on any screen that people use for this
~~~

مرحبا ~code~

- أولا
- ثانيا
`.replaceAll("~", "`");

test("an answer has math, colours and directions, and its thinking is folded", async ({ openSite }) => {
  const site = await openSite({ context: { permissions: ["clipboard-read", "clipboard-write"] } });
  const { page } = site;
  const chat = new ChatPage(page);
  await chat.ready();
  const answer = { model: "guide", routes: [], thoughtMs: 4200 };
  // Earlier versions kept thoughts in the text; this one has no mark where it begins.
  const old = "Two and two.\n</think>\n\nFour.";
  const messages = [
    { id: "q0", role: "user", content: "2 + 2", createdAt: 1, status: "complete" },
    { id: "a0", role: "assistant", content: old, createdAt: 1, status: "complete" },
    { id: "q", role: "user", content: "مرحبا", createdAt: 1, status: "complete" },
    {
      id: "a",
      role: "assistant",
      content: ANSWER,
      reasoning: "The user wants **a sample**.\n",
      createdAt: 1,
      status: "complete",
      answer,
    },
  ];
  await chat.conversations.import(conversationFile(messages));

  const shown = chat.answers.last().locator("mg-markdown");
  await expect(shown.locator("math")).toHaveCount(3);
  await expect(shown.locator("math mfrac msqrt")).toBeVisible();
  await expect(shown.getByText("Broken: $\\frac{$")).toBeVisible();
  await expect(shown.locator(".hljs-keyword").first()).toHaveText("def");
  await expect(shown.locator("ol")).toHaveAttribute("start", "3");
  const code = shown.getByRole("group", { name: "Code: python" });
  expect(await code.evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)).toBe(true);
  await code.focus();
  await expect(code).toBeFocused();
  const directions = await shown
    .locator(".block > *")
    .evaluateAll((blocks) => blocks.map((block) => `${block.localName} ${getComputedStyle(block).direction}`));
  expect(directions).toEqual(["ol ltr", "p ltr", "p ltr", "div ltr", "p rtl", "ul rtl"]);
  await expect(chat.questions.last().locator(".text")).toHaveCSS("direction", "rtl");
  await shot(site, "answer-with-everything");

  await expect(shown.getByText("a sample")).toHaveCount(0);
  await shown.getByText("Thought for 4.2 s").click();
  await expect(shown.locator("strong", { hasText: "a sample" })).toBeVisible();
  const copy = page.getByRole("button", { name: "Copy answer" });
  await copy.last().click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^3\. It costs/);

  const earlier = chat.answers.first().locator("mg-markdown");
  await expect(earlier.getByText("Four.")).toBeVisible();
  await expect(earlier.getByText("Two and two.")).toHaveCount(0);
  await earlier.locator("summary").click();
  await expect(earlier.getByText("Two and two.")).toBeVisible();
  await copy.first().click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("Four.");
});

test("footnotes lead to their text and back", async ({ openSite }) => {
  const site = await openSite();
  const { page } = site;
  await new ChatPage(page).ready();
  await showGrowing(site, "A fact[^1].\n\nMore.\n\n[^1]: The source\n");
  const reference = page.getByRole("button", { name: "Footnote 1" });
  await expect(reference).toHaveCount(0);
  await grow(site, "\nThe end.");
  await reference.click();
  const back = page.getByRole("button", { name: "Back to the text" });
  await expect(back).toBeFocused();
  await back.press("Enter");
  await expect(reference).toBeFocused();
});

/** Parts that the parser takes a second for, each short enough to be tried. */
const SLOW = `x${"[*a ".repeat(4000)}\n\n`.repeat(16);

test("a text that takes too long to read leaves the page alone, and is shown as it is from then on", async ({
  openSite,
}) => {
  const site = await openSite();
  const { page } = site;
  const chat = new ChatPage(page);
  await chat.ready();
  const file = conversationFile([
    { id: "q", role: "user", content: "Hello", createdAt: 1, status: "complete" },
    { id: "a", role: "assistant", content: SLOW, createdAt: 1, status: "complete" },
    { id: "q2", role: "user", content: "And now?", createdAt: 1, status: "complete" },
    { id: "a2", role: "assistant", content: "It **goes on**.", createdAt: 1, status: "complete" },
  ]);
  await chat.conversations.import(file);
  const slow = chat.answers.first().locator("mg-markdown");
  const note = slow.getByText("Shown as it was written");
  // The page draws on while the text is being read.
  const draws = await page.evaluate(async () => {
    let frames = 0;
    for (const end = performance.now() + 1000; performance.now() < end; frames++)
      await new Promise(requestAnimationFrame);
    return frames;
  });
  expect(draws).toBeGreaterThan(5);
  await expect(note).toBeVisible();
  await expect(chat.answers.last().locator("strong", { hasText: "goes on" })).toBeVisible();
  const stored = async (): Promise<string> => page.evaluate(() => window.microgrid!.conversations.exportJson());
  await expect.poll(stored).toMatch(/"plain": true/);

  await page.reload();
  await chat.ready();
  await expect(note).toBeVisible();
  await expect(slow.locator(".raw")).toHaveText(/^x\[\*a/);
});

/** An export file with one conversation. */
function conversationFile(messages: readonly object[]): { name: string; mimeType: string; buffer: Buffer } {
  const settings = { sampling: {}, stop: [] };
  const conversation = { id: "c", title: "Chat", createdAt: 1, updatedAt: 1, settings, messages };
  const file = { format: "microgrid-conversations", version: 1, conversations: [conversation] };
  return { name: "chat.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(file)) };
}
