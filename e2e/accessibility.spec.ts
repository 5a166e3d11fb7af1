/** People who listen, type and hold phones: the rules of axe-core on each view, headings, and a layout that keeps still. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { expect, test } from "./harness";
import { ChatPage, EmbeddedChat } from "./pages";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The part of axe-core's result that a person needs to mend it. */
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary: string }[];
}

/** Runs in the page. The page's own landmarks and headings are not the element's business. */
async function violations(only: string | undefined): Promise<Violation[]> {
  const { axe } = window as unknown as {
    axe: { run(context: unknown, options: unknown): Promise<{ violations: Violation[] }> };
  };
  const rules = only === undefined ? {} : { region: { enabled: false }, "page-has-heading-one": { enabled: false } };
  return (await axe.run(only ?? document, { rules })).violations;
}

/** Asserts that axe-core finds nothing, in both themes. */
async function isAccessible(page: Page, view: string, only?: string): Promise<void> {
  await page.evaluate(axe);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // Colours follow the theme a few frames later.
    await expect(async () => {
      const found = (await page.evaluate(violations, only)).map(({ id, nodes }) => ({
        id,
        nodes: nodes.map(({ target, failureSummary }) => `${target.flat().join(" ")}: ${failureSummary}`),
      }));
      expect(found, `${view}, ${colorScheme}`).toEqual([]);
    }).toPass({ timeout: 20_000 });
  }
  await page.emulateMedia({ colorScheme: "light" });
}

test("axe finds nothing to mend in ten views and both themes", async ({ openSite, site, foreignSite }) => {
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
});
