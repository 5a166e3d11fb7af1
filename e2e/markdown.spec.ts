/** How answers look, and what stays in place while they are written. The element that shows them is driven directly. */
import { expect, test, type SitePage } from "./harness";
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

test("lists keep their numbers, and each block has the direction of its own text", async ({ openSite }) => {
  const site = await openSite();
  const { page } = site;
  await new ChatPage(page).ready();
  await showGrowing(
    site,
    "3. three\n4. four\n\nمرحبا `code`\n\n- أولا\n- ثانيا\n\n`x` שלום\n\n```js\nlet x; // שלום\n```\n",
  );
  await expect(page.locator("ol")).toHaveAttribute("start", "3");
  const directions = await page
    .locator("mg-markdown .block > *")
    .evaluateAll((blocks) => blocks.map((block) => `${block.localName} ${getComputedStyle(block).direction}`));
  expect(directions).toEqual(["ol ltr", "p rtl", "ul rtl", "p rtl", "div ltr"]);
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
