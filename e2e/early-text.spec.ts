/** Text and files that a person enters while the page is still starting: nothing of them is lost. */
import type { Page } from "@playwright/test";
import { expect, gridReady, test, type OpenSite, type SitePage } from "./harness";
import { ChatPage } from "./pages";

/** A page whose parts that match arrive only when `release` is called. */
async function heldSite(
  openSite: OpenSite,
  held: RegExp,
  path = "",
): Promise<{ readonly site: SitePage; readonly chat: ChatPage; readonly release: () => void }> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const hold = async (page: Page): Promise<void> => {
    await page.route(held, async (route) => {
      await released;
      await route.continue();
    });
  };
  const site = await openSite({ path, prepare: ({ page }) => hold(page) });
  return { site, chat: new ChatPage(site.page), release };
}

const GRID = /\/assets\/grid-[^/]*\.js$/;
const ATTACHMENTS = /\/assets\/attachments-[^/]*\.js$/;

test("text that is typed before the page has started stays, and can be sent", async ({ openSite }) => {
  const { site, chat, release } = await heldSite(openSite, GRID);
  await chat.message.pressSequentially("Half a ");
  release();
  await gridReady(site);
  await chat.message.pressSequentially("question");
  await chat.ready();
  await expect(chat.message).toHaveValue("Half a question");
  await chat.send.click();
  await expect(chat.questions).toHaveText("Half a question");
});

test("a suggestion that is pressed before the page has started is asked then", async ({ openSite }) => {
  const { site, chat, release } = await heldSite(openSite, GRID);
  await site.page.getByRole("button", { name: "What can you do?" }).click();
  await expect(chat.message).toHaveValue("What can you do?");
  release();
  await expect(chat.questions).toHaveText("What can you do?");
  await expect(chat.message).toHaveValue("");
});

test("a suggestion to which a person adds words before the page has started is not asked", async ({ openSite }) => {
  const { site, chat, release } = await heldSite(openSite, GRID);
  await site.page.getByRole("button", { name: "What can you do?" }).click();
  await chat.message.press("End");
  await chat.message.pressSequentially(" And");
  release();
  await chat.ready();
  await expect(chat.message).toHaveValue("What can you do? And");
  await expect(chat.questions).toHaveCount(0);
});

test("text that is typed before a stored draft arrives stays", async ({ openSite }) => {
  const { site, chat, release } = await heldSite(openSite, ATTACHMENTS);
  await gridReady(site);
  await chat.message.fill("older");
  await expect.poll(() => site.page.evaluate(() => window.microgrid!.conversations.draft("new"))).toBe("older");
  release();
  await site.page.reload();
  await chat.message.fill("newer");
  await chat.ready();
  await expect(chat.message).toHaveValue("newer");
});

test("text that is typed for a chat that is gone moves to a new one", async ({ openSite }) => {
  const { site, chat, release } = await heldSite(openSite, GRID, "#/c/gone");
  await chat.message.fill("Half a question");
  release();
  await expect(site.page.getByText("That conversation is not on this device")).toBeVisible();
  await chat.ready();
  await expect(chat.message).toHaveValue("Half a question");
});

test("a file that is dropped before files can be read is attached afterwards", async ({ openSite }) => {
  const { site, chat, release } = await heldSite(openSite, ATTACHMENTS);
  await gridReady(site);
  await chat.message.evaluate((element) => {
    const data = new DataTransfer();
    data.items.add(new File(["The tower is red."], "notes.txt", { type: "text/plain" }));
    element.dispatchEvent(
      new DragEvent("drop", { bubbles: true, composed: true, cancelable: true, dataTransfer: data }),
    );
  });
  release();
  await expect(site.page.getByRole("list", { name: "Attached files" })).toContainText("notes.txt");
});

test("a page that starts leaves the cursor where a person has put it", async ({ openSite }) => {
  const { site, chat, release } = await heldSite(openSite, GRID);
  await chat.conversations.search.pressSequentially("tok");
  release();
  await chat.ready();
  await site.page.keyboard.type("yo");
  await expect(chat.conversations.search).toHaveValue("tokyo");
});

test("a message that is typed while the one before makes its chat stays", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = new ChatPage(page);
  await chat.ready();
  await chat.message.click();
  // In one task, as fast as no person is: the page has had no time for the first message.
  await chat.message.evaluate((field: HTMLTextAreaElement) => {
    for (const text of ["First", "Second"]) {
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      field.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", bubbles: true, composed: true, cancelable: true }),
      );
    }
  });
  await expect(chat.questions).toHaveText("First");
  await chat.finished();
  await expect(chat.message).toHaveValue("Second");
  await expect(chat.conversations.items).toHaveText(["First"]);
  await chat.send.click();
  await expect(chat.questions).toHaveText(["First", "Second"]);
});
