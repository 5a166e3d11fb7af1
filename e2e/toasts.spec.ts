/** Toasts cover nothing that a person reads or presses next. */
import type { Locator, Page } from "@playwright/test";
import { expect, shot, test } from "./harness";
import { ChatPage } from "./pages";

const SHORT = "Message edited";
const LONG =
  "“A model with a long name” could not be formed: none of the devices in the room has enough memory for its layers. " +
  "Ask somebody to give more memory, or choose a smaller model.";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function overlap(one: Box, other: Box): boolean {
  const apart = (a: number, length: number, b: number, more: number): boolean => a + length <= b || b + more <= a;
  return !apart(one.x, one.width, other.x, other.width) && !apart(one.y, one.height, other.y, other.height);
}

async function boxesOf(all: Locator): Promise<Box[]> {
  return all.evaluateAll((elements) => elements.map((each) => each.getBoundingClientRect().toJSON() as Box));
}

/** Shows toasts as the page does, and waits until they are there. */
async function toast(page: Page, ...texts: readonly string[]): Promise<Locator> {
  await page.locator("microgrid-app").evaluate((app, given) => {
    const { workspace } = app as HTMLElement & { workspace: { toast(text: string, action: object): void } };
    for (const text of given) workspace.toast(text, { label: "Undo", run: () => undefined });
  }, texts);
  const toasts = page.locator("mg-toasts .toast");
  await expect(toasts.filter({ hasText: texts.at(-1)! }).last()).toBeVisible();
  return toasts;
}

/** Fails, too, if the toasts are gone before they leave the others free. */
async function expectUncovered(toasts: Locator, ...others: readonly Locator[]): Promise<void> {
  const count = await toasts.count();
  expect(count).toBeGreaterThan(0);
  await expect(async () => {
    const shown = await boxesOf(toasts);
    expect(shown.length).toBe(count);
    for (const other of others) {
      const boxes = await boxesOf(other);
      expect(boxes.length, String(other)).toBeGreaterThan(0);
      expect(
        boxes.filter((box) => shown.some((each) => overlap(each, box))),
        String(other),
      ).toEqual([]);
    }
  }).toPass();
}

test("a long toast has its cross beside its text", async ({ openSite }) => {
  const { page } = await openSite();
  await new ChatPage(page).ready();
  await page.locator("microgrid-app").evaluate((app, text) => {
    (app as HTMLElement & { workspace: { toast(text: string): void } }).workspace.toast(text);
  }, LONG);
  const toast = page.locator("mg-toasts .toast");
  const [text, cross] = await Promise.all(
    [toast.locator("span"), toast.getByRole("button", { name: "Dismiss" })].map((each) => each.boundingBox()),
  );
  expect(text!.x + text!.width).toBeLessThanOrEqual(cross!.x);
  expect(text!.y + text!.height).toBeGreaterThan(cross!.y);
});

for (const [name, viewport] of [
  ["phone", { width: 360, height: 640 }],
  ["laptop", { width: 1280, height: 800 }],
] as const) {
  test(`toasts leave the header, messages, the composer and dialogs free on a ${name}`, async ({ openSite }) => {
    const site = await openSite({ context: { viewport } });
    const { page } = site;
    const chat = new ChatPage(page);
    await chat.ready();
    await chat.chat("Hello!");
    const header = page.locator("mg-header");
    await expectUncovered(
      await toast(page, SHORT, LONG),
      header,
      chat.questions,
      chat.answers,
      chat.message,
      chat.send,
    );
    await shot(site, `toasts-${name}`);

    await chat.chat("Tell me a story about a robot");
    await chat.chat("And another story, please");
    const end = chat.answers.last().locator(".origin");
    await expectUncovered(await toast(page, LONG, LONG, LONG), header, end, chat.message, chat.send);
    await expect(end).toBeInViewport();

    await chat.models.open();
    const { dialog } = chat.models;
    await expectUncovered(await toast(page, SHORT, LONG, SHORT), dialog);
    await expect(dialog.getByRole("button", { name: "Close" })).toBeInViewport({ ratio: 1 });
    await shot(site, `toasts-dialog-${name}`);
  });
}
