/** Pictures of the main views for people to look at: on a desk, in the dark, and on a phone, where nothing may overflow. */
import type { Locator } from "@playwright/test";
import { expect, shot, test, type OpenOptions, type SitePage } from "./harness";
import { ChatPage, GUIDE_NAME } from "./pages";

type Context = NonNullable<OpenOptions["context"]>;

const DESK: Context = { viewport: { width: 1280, height: 800 }, colorScheme: "light" };
const PHONE: Context = { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true, isMobile: true };
const STORY = "Tell me a story about a robot";

/** A phone shows the page without a horizontal scroll bar, and all of `controls` completely on the screen. */
async function fitsPhone({ page }: SitePage, controls: readonly Locator[]): Promise<void> {
  const sizes = () =>
    page.evaluate(() => ({ wide: document.scrollingElement?.scrollWidth ?? 0, screen: window.innerWidth }));
  await expect.poll(async () => (await sizes()).wide - (await sizes()).screen).toBeLessThanOrEqual(0);
  for (const control of controls) {
    await expect(control).toBeVisible();
    await expect(control).toBeInViewport({ ratio: 1 });
  }
}

test("an empty chat, an answer, and the dialogs, on a desk", async ({ openSite }) => {
  const anna = await openSite({ name: "anna", context: DESK });
  const chat = new ChatPage(anna.page);
  await chat.ready();
  await expect(anna.page.getByRole("group", { name: "Suggestions" })).toBeVisible();
  await shot(anna, "desk-empty-chat");

  await chat.chat(STORY);
  expect((await chat.reasons()).length).toBeGreaterThan(0);
  await expect(chat.origin()).toContainText("On this device");
  await shot(anna, "desk-answer");

  await chat.models.open();
  await expect(chat.models.row(GUIDE_NAME)).toBeVisible();
  await shot(anna, "desk-models");
  await chat.models.close();

  await chat.settings.open();
  await expect(chat.settings.name).toBeVisible();
  await shot(anna, "desk-settings");
  await chat.settings.close();

  await chat.chatSettings.open();
  await shot(anna, "desk-chat-settings");
});

test("a room: the invite, the question before joining, and an answer from the other browser", async ({ openSite }) => {
  const anna = await openSite({ name: "anna", context: DESK });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  await anna.page.evaluate(() => window.microgrid!.identity.rename("Anna"));
  const invite = await annas.room.create("Kitchen table");
  await annas.room.share(true);
  await expect(annas.room.qr).toBeVisible();
  await shot(anna, "desk-room");

  const ben = await openSite({ name: "ben", url: invite, context: DESK });
  const bens = new ChatPage(ben.page);
  await expect(bens.room.questionText).toContainText("Kitchen table");
  await shot(ben, "desk-room-question");
  await bens.room.join("Ben");
  await expect(annas.room.member("Ben")).toBeVisible();
  await expect(bens.model).toHaveAccessibleName(/in the room$/);
  await bens.chat(STORY);
  await expect(bens.origin()).toContainText("Anna");
  await shot(ben, "desk-answered-by-a-peer");
  await shot(anna, "desk-room-with-a-peer");
});

test("the same views in the dark", async ({ openSite }) => {
  const site = await openSite({ context: { ...DESK, colorScheme: "dark" } });
  const chat = new ChatPage(site.page);
  await chat.ready();
  await chat.chat(STORY);
  await chat.room.create("Kitchen table");
  await chat.room.share(true);
  await expect(chat.room.qr).toBeVisible();
  await shot(site, "dark-answer-and-room");
});

test("on a phone, nothing overflows, and the main controls are on the screen", async ({ openSite }) => {
  const site = await openSite({ context: PHONE });
  const chat = new ChatPage(site.page);
  const drawer = site.page.getByRole("button", { name: "Show conversations" });
  const main = [chat.message, chat.send, chat.model, drawer, chat.room.button];
  await chat.ready();
  await fitsPhone(site, main);
  await shot(site, "phone-empty-chat");

  await chat.chat(STORY);
  await chat.reasons();
  await fitsPhone(site, main);
  await shot(site, "phone-answer");

  await drawer.click();
  await fitsPhone(site, [chat.conversations.newChat, chat.conversations.search]);
  await shot(site, "phone-conversations");
  await site.page.keyboard.press("Escape");

  await chat.models.open();
  await expect(chat.models.row(GUIDE_NAME)).toBeVisible();
  await fitsPhone(site, [chat.models.search]);
  await shot(site, "phone-models");
  await chat.models.close();

  // The settings are below the conversations.
  await drawer.click();
  const place = await chat.message.boundingBox();
  await chat.settings.open();
  await fitsPhone(site, [site.page.getByText("System", { exact: true })]);
  // A dialog covers the page and moves nothing in it.
  expect(await chat.message.boundingBox()).toEqual(place);
  await shot(site, "phone-settings");
  await chat.settings.close();

  const invite = await chat.room.create("The kitchen table of the old house");
  await fitsPhone(site, [chat.room.invite]);
  await shot(site, "phone-room");

  const guest = await openSite({ name: "guest", url: invite, context: PHONE });
  const guests = new ChatPage(guest.page);
  await guests.room.question.waitFor();
  await fitsPhone(guest, [guest.page.getByRole("button", { name: "Join", exact: true })]);
  // A title of several lines keeps away from the edge of the dialog.
  const [edge, title] = await Promise.all(
    [guests.room.question, guests.room.question.getByRole("heading")].map((each) => each.boundingBox()),
  );
  expect(title!.y - edge!.y).toBeGreaterThanOrEqual(8);
  await shot(guest, "phone-room-question");
});

test("the picture of the README: a laptop answers a phone", async ({ openSite }) => {
  const laptop = await openSite({ name: "laptop", context: { ...DESK, viewport: { width: 820, height: 660 } } });
  const annas = new ChatPage(laptop.page);
  await annas.ready();
  await laptop.page.evaluate(() => window.microgrid!.identity.rename("Anna’s laptop"));
  await annas.chat("What is WebGPU?");
  const invite = await annas.room.create("Kitchen table");
  await annas.room.share(true);

  const phone = await openSite({
    name: "phone",
    url: invite,
    context: { ...PHONE, viewport: { width: 390, height: 660 } },
  });
  const bens = new ChatPage(phone.page);
  await bens.room.join("Ben’s phone");
  await expect(bens.model).toHaveAccessibleName(/in the room$/);
  await bens.chat(STORY);
  await expect(bens.origin()).toContainText("Anna’s laptop");
  await expect(annas.room.member("Ben’s phone")).toBeVisible();

  const frames = await Promise.all(
    [laptop, phone].map(async ({ page }) => {
      const png = await page.screenshot({ animations: "disabled", scale: "css" });
      return `<img alt="" src="data:image/png;base64,${png.toString("base64")}">`;
    }),
  );
  await laptop.page.setViewportSize({ width: 1290, height: 700 });
  await laptop.page.goto("about:blank");
  await laptop.page.setContent(
    `<style>body{margin:20px;display:flex;gap:40px;background:#e8e6df}img{border-radius:12px}</style>${frames.join("")}`,
  );
  await shot(laptop, "readme");
});
