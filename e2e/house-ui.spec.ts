/** Houses and the file with everything, as a user sees them in the settings. */
import { readFile } from "node:fs/promises";
import { expect, shot, type OpenOptions, type SitePage, test } from "./harness";
import { ChatPage, HousePage } from "./pages";

const PASSPHRASE = "seven quiet otters";
const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

interface Visitor {
  readonly site: SitePage;
  readonly chat: ChatPage;
  readonly house: HousePage;
}

type Open = (options?: OpenOptions) => Promise<SitePage>;

async function visitor(open: Open, name: string, context: OpenOptions["context"] = DESK): Promise<Visitor> {
  const site = await open({ name, context: { ...context, permissions: ["clipboard-read", "clipboard-write"] } });
  const chat = new ChatPage(site.page);
  await expect(chat.message).toBeVisible();
  return { site, chat, house: new HousePage(site.page) };
}

/** Opens the settings, which a phone shows below the conversations. */
async function settingsOnPhone({ chat, house }: Visitor): Promise<void> {
  await chat.conversations.open();
  await house.open();
}

test("a house is created, with its words confirmed, kept, saved, left, and restored from its phrase on a phone", async ({
  openSite,
}) => {
  const laptop = await visitor(openSite, "laptop");
  const { house } = laptop;
  await house.open();
  await expect(house.section).toContainText("A profile stands for you or your organisation");
  const words = await house.begin("Ada");
  await shot(laptop.site, "house-phrase");

  // The dialog cannot be closed by accident while it shows words that are shown only once.
  await laptop.site.page.keyboard.press("Escape");
  await expect(laptop.site.page.getByText("First write the words down")).toBeVisible();
  await expect(house.words.first()).toBeVisible();
  await house.press("I have written them down");
  await house.confirm(words.map(() => "microgrid"));
  await expect(house.alert).toHaveText(/^Word \d+ and Word \d+ do not match the phrase\.$/);
  await house.confirm(words);
  await expect(house.section).toContainText("This device is of Ada");
  await expect(house.section).toContainText("This device can manage the profile.");
  const did = await house.section.locator("mg-did code").innerText();
  await shot(laptop.site, "house-made");

  await laptop.site.page.reload();
  await house.open();
  await expect(house.section).toContainText("This device is of Ada");
  await expect(house.section.locator("mg-did code")).toHaveText(did);

  await house.press("Back up to a file");
  await house.passphrase("otters", "Save the file", "otters");
  await expect(house.alert).toContainText("at least 12 characters");
  await house.passphrase(PASSPHRASE, "Save the file", `${PASSPHRASE}!`);
  await expect(house.alert).toContainText("The two passphrases do not match");
  const file = await (await house.save(PASSPHRASE)).path();

  await house.press("Stop managing it here…");
  await house.press("Keep it");
  await expect(house.section).toContainText("This device can manage the profile.");
  await house.press("Stop managing it here…");
  await house.press("Stop managing it");
  await expect(house.section).toContainText("Another device manages the profile.");
  await house.press("Leave the profile…");
  await shot(laptop.site, "house-leave");
  await house.press("Leave the profile");
  await expect(house.section).toContainText("A profile stands for you or your organisation");

  await house.press("Restore a profile");
  await house.load(file, "seven quiet beavers", "Open the file");
  await expect(house.alert).toContainText("This passphrase does not open this file");
  await expect(house.section).toContainText("A profile stands for you or your organisation");
  await house.load(file, PASSPHRASE, "Open the file");
  await expect(house.settings.content.getByRole("checkbox", { name: /manages the profile “Ada”/ })).toBeChecked();
  await house.press("Import what is ticked");
  await expect(house.section).toContainText("This device can manage the profile.");
  await expect(house.section.locator("mg-did code")).toHaveText(did);

  const phone = await visitor(openSite, "phone", PHONE);
  await settingsOnPhone(phone);
  await phone.house.restore("Ada", ["microgrid", ...words.slice(1)].join(" "));
  await expect(phone.house.alert).toContainText("Word 1 of the recovery phrase");
  await shot(phone.site, "house-restore-phone");
  await phone.house.restore("Ada", ` ${words.join("  ").toUpperCase()}\n`);
  await expect(phone.house.section).toContainText("This device is of Ada");
  await expect(phone.house.section.locator("mg-did code")).toHaveText(did);
  await shot(phone.site, "house-restored-phone");
});

test("a house vouches for a device with two texts, and others in a room see the house until it is revoked", async ({
  openSite,
}) => {
  const laptop = await visitor(openSite, "laptop");
  await laptop.house.open();
  const words = await laptop.house.begin("Ada");
  await laptop.house.press("I have written them down");
  await laptop.house.confirm(words);
  const phone = await visitor(openSite, "phone", PHONE);
  await settingsOnPhone(phone);
  const request = await phone.house.request();
  await shot(phone.site, "house-request-phone");

  // A text in the wrong field is recognised.
  await laptop.house.press("Add another device");
  await laptop.house.field("1. The other device’s request").fill("good morning");
  await laptop.house.press("Use it");
  await laptop.house.field("Your name for it").fill("Phone");
  await laptop.house.press("Add it");
  await expect(laptop.house.alert).toBeVisible();
  await laptop.house.press("Add another device");
  const signed = await laptop.house.vouch(request, "Phone");
  await expect(laptop.house.devices).toContainText(["Phone"]);
  await shot(laptop.site, "house-vouched");
  await phone.house.adopt(request);
  await expect(phone.house.alert).toContainText("This text is a request");
  await phone.house.adopt(signed);
  await expect(phone.house.section).toContainText("This device is of Ada");
  await expect(phone.house.section).toContainText("Another device manages the profile.");
  await shot(phone.site, "house-adopted-phone");
  await phone.house.settings.close();
  await laptop.house.press("Done");
  await laptop.house.settings.close();

  const invite = await laptop.chat.room.create("Attic", { share: false });
  await phone.site.page.goto(invite);
  await phone.chat.room.join("Ben");
  const row = laptop.chat.room.member("Ben");
  await expect(row).toContainText("of Ada");
  await shot(laptop.site, "house-in-room");

  await laptop.house.open();
  await laptop.house.press("Remove Phone");
  await laptop.house.press("Confirm removing");
  await expect(laptop.house.devices).toContainText(["removed"]);
  await laptop.house.settings.close();
  await expect(row).not.toContainText("of Ada");
  // The phone learns of it too, and tells its owner.
  await phone.chat.room.open();
  await expect(phone.chat.room.members.first()).not.toContainText("of Ada");
  await shot(phone.site, "house-revoked-phone");
});

test("one file carries everything: house, name, rooms, conversations, theme", async ({ openSite }) => {
  const old = await visitor(openSite, "old");
  await old.chat.ready();
  await old.chat.chat("What is the capital of Japan?");
  await old.chat.room.create("Attic", { share: false });
  await old.chat.room.leave();
  await old.house.open();
  await old.house.settings.theme("Dark");
  await old.house.settings.name.fill("Anna");
  await old.house.settings.name.blur();
  const words = await old.house.begin("Ada");
  await old.house.press("I have written them down");
  await old.house.confirm(words);
  await old.house.settings.part("Take everything with you");
  await old.house.press("Export everything");
  const download = await old.house.save(PASSPHRASE);
  expect(download.suggestedFilename()).toMatch(/^microgrid-\d{4}-\d\d-\d\d\.microgrid$/);
  const buffer = await readFile(await download.path());
  await expect(old.site.page.getByText("Everything is saved in the file")).toBeVisible();

  const next = await visitor(openSite, "next", { ...DESK, colorScheme: "light" });
  const { chat, house } = next;
  const root = next.site.page.locator("html");
  await chat.room.open();
  await house.open();
  await house.settings.part("Take everything with you");
  await house.press("Import a file");
  const file = { name: "all.microgrid", mimeType: "application/octet-stream", buffer };
  await house.load(file, "seven quiet beavers", "Open the file");
  await expect(house.alert).toContainText("This passphrase does not open this file");
  await expect(house.section).toContainText("A profile stands for you or your organisation");
  await expect(house.settings.name).not.toHaveValue("Anna");
  await expect(root).not.toHaveAttribute("data-theme", "dark");
  await shot(next.site, "transfer-wrong-passphrase");

  await house.load(file, PASSPHRASE, "Open the file");
  const changes = house.settings.content.getByRole("list", { name: "Changes" });
  await expect(changes.getByRole("checkbox", { name: "The name of this device is “Anna”" })).toBeChecked();
  const profile = changes.getByRole("checkbox", { name: /This device manages the profile “Ada”/ });
  await expect(profile).not.toBeChecked();
  await shot(next.site, "transfer-preview");
  await profile.check();
  await house.press("Import what is ticked");
  await expect(next.site.page.getByText("The file is imported")).toBeVisible();
  await expect(house.settings.name).toHaveValue("Anna");
  await expect(house.section).toContainText("of Ada");
  await expect(root).toHaveAttribute("data-theme", "dark");
  await expect(next.site.page.getByRole("radio", { name: "Dark" })).toBeChecked();
  await shot(next.site, "transfer-imported");
  await house.settings.close();
  await expect(chat.room.panel.getByRole("button", { name: "Enter Attic" })).toBeVisible();
  await chat.conversations.items.filter({ hasText: "capital of Japan" }).click();
  await expect(chat.answers.last()).toContainText("Tokyo");
});

test("the room of a single owner leads to the profile in the settings", async ({ openSite }) => {
  const { site, chat, house } = await visitor(openSite, "owner");
  await chat.ready();
  await chat.room.create("Kitchen table");
  await site.page
    .getByRole("complementary", { name: "Room" })
    .getByRole("button", { name: "Create a profile" })
    .click();
  await expect(house.section.getByRole("button", { name: "Create a profile" })).toBeInViewport({ ratio: 1 });
});
