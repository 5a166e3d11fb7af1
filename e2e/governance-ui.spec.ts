/** Charters and invites with limits, as a user sees them in the page. */
import { expect, type OpenOptions, shot, type SitePage, test } from "./harness";
import { CharterForm, ChatPage, GUIDE_NAME, InviteLimits, RulesDialog } from "./pages";

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const DAY_MS = 24 * 60 * 60 * 1000;

interface Visitor {
  readonly site: SitePage;
  readonly chat: ChatPage;
  readonly form: CharterForm;
  readonly rules: RulesDialog;
}

type Open = (options?: OpenOptions) => Promise<SitePage>;

async function visitor(open: Open, name: string, options: OpenOptions = {}): Promise<Visitor> {
  const site = await open({ name, context: DESK, ...options });
  const chat = new ChatPage(site.page);
  await expect(chat.message).toBeVisible();
  return { site, chat, form: new CharterForm(site.page), rules: new RulesDialog(site.page) };
}

/** A number of days from today, in the format of date fields. */
function day(later: number): string {
  const date = new Date(Date.now() + later * DAY_MS);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
}

/** Runs in the page. */
function setClockAhead(ms: number): void {
  const now = Date.now;
  Date.now = () => now() + ms;
}

test("a room is opened with a form, and its guests see the same charter before anything is shared", async ({
  openSite,
}) => {
  const ada = await visitor(openSite, "Ada");
  await ada.chat.ready();
  await ada.chat.room.open();
  await ada.form.fill({ tokensAnAnswer: "many" });
  await ada.form.press("Open the room");
  await expect(ada.form.alerts).toHaveText([/^Give the room a name/, /^Enter a whole number/]);
  await shot(ada.site, "charter-form-errors");
  await ada.form.fill({
    name: "Reading room",
    purpose: "Physics homework.\nNo exams.",
    whoMayComeIn: "people a member lets in",
    models: [GUIDE_NAME],
    answersAtOnce: "2",
    tokensAnAnswer: "200",
    expectedToShare: true,
    logs: "Times of answers, for a week.",
  });
  await shot(ada.site, "charter-form");
  await ada.form.press("Open the room");
  await expect(ada.chat.room.invite).toBeVisible();
  const invite = await ada.chat.room.invite.inputValue();
  await ada.rules.open();
  await expect(ada.rules.rules).toHaveText([
    "Anyone with an invite can ask to join; a member decides.",
    "Every member can make invites.",
    `Only ${GUIDE_NAME} may answer.`,
    "Each member gets at most 2 answers at the same time and 200 tokens in each answer.",
    "Each member can bring in 32 people, those included whom these bring in.",
    "Only members who share a device get answers.",
    "According to the owner, this is logged: Times of answers, for a week.",
    "Its owner can change these rules and remove members.",
  ]);
  const rules = await ada.rules.rules.allInnerTexts();
  await shot(ada.site, "charter-rules");
  await ada.rules.close();

  for (const [name, context] of [
    ["desk", DESK],
    ["phone", PHONE],
    ["phone-dark", { ...PHONE, colorScheme: "dark" as const }],
  ] as const) {
    const guest = await visitor(openSite, name, { context, url: invite });
    const { room } = guest.chat;
    await expect(room.questionText).toContainText("Reading room");
    await expect(room.questionText).toContainText("Physics homework. No exams.");
    // All that the guest has to know fits the screen; the rules fold, those that are not standard first.
    const body = guest.site.page.locator("mg-join-dialog wa-dialog").locator("[part=body]");
    expect(await body.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBe(0);
    await room.questionText.getByText("5 rules differ from the standard").click();
    const standard = /^(Every member|Each member can bring|Its owner)/;
    const sorted = [...rules.filter((text) => !standard.test(text)), ...rules.filter((text) => standard.test(text))];
    await expect(room.rules).toHaveText(sorted);
    const inside = guest.site.page.getByRole("list", { name: "People inside" }).getByRole("listitem");
    await expect(inside).toHaveCount(1);
    await expect(inside).toContainText("owner");
    await expect(inside).toContainText(`shares ${GUIDE_NAME}`);
    await expect(room.questionText).toContainText("The device that answers you can read that chat");
    await expect(guest.site.page.getByRole("switch", { name: "Share this device" })).not.toBeChecked();
    // The button is visible without scrolling, and nothing is wider than the screen.
    await expect(guest.site.page.getByRole("button", { name: "Ask to join" })).toBeInViewport({ ratio: 1 });
    const wide = await guest.site.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).toBe(0);
    await shot(guest.site, `charter-question-${name}`);
    // Members do not hear about guests who only look.
    await expect(ada.chat.room.members).toHaveCount(1);
    await expect(ada.chat.room.knocks).toHaveCount(0);
    await guest.site.page.getByRole("button", { name: "Cancel" }).click();
    await expect(room.questionText).toHaveCount(0);
    await expect(room.button).toHaveAccessibleName("Open a room");
  }
});

test("an invite has a number of uses and a last day, and a guest who comes too late is told why", async ({
  openSite,
}) => {
  const ada = await visitor(openSite, "Ada");
  await ada.chat.room.create("Attic", { share: false });
  const limits = new InviteLimits(ada.site.page);
  await limits.open();
  await limits.ask("some");
  await expect(limits.alert).toContainText("a whole number from 1 to 10,000");
  await limits.ask("1", day(-1));
  await expect(limits.alert).toHaveText("The last day is in the past.");
  await shot(ada.site, "invite-limits-wrong");
  const link = await limits.make("1", day(7));
  await expect(limits.alert).toHaveCount(0);
  await expect(limits.content).toContainText("One device can use this link until the end of");
  await shot(ada.site, "invite-limits");

  const ben = await visitor(openSite, "Ben", { url: link });
  await ben.chat.room.join("Ben");
  await expect(ada.chat.room.member("Ben")).toBeVisible();

  const cyd = await visitor(openSite, "Cyd", { url: link, context: PHONE });
  await expect(cyd.chat.room.questionText.getByRole("alert")).toContainText(
    "This invite is used up. Ask for a new one.",
  );
  await expect(cyd.site.page.getByRole("button", { name: /^(Join|Join anyway)$/ })).toBeDisabled();
  await expect(cyd.chat.room.questionText).not.toContainText("Members will see your name");
  await shot(cyd.site, "invite-used-up");

  // Members judge by their own clocks, and the guest asks all of them.
  const short = await limits.make("", day(1));
  await expect(ada.chat.room.members).toHaveCount(2);
  for (const { site } of [ada, ben]) await site.page.evaluate(setClockAhead, 3 * DAY_MS);
  const late = await visitor(openSite, "Dan", { url: short, context: { ...PHONE, colorScheme: "dark" } });
  await expect(late.chat.room.questionText.getByRole("alert")).toContainText("This invite has ended");
  await shot(late.site, "invite-ended-dark");
});

test("an invite for one person lets in one, and that for several stays; members make some, too", async ({
  openSite,
}) => {
  const ada = await visitor(openSite, "Ada", { context: { permissions: ["clipboard-read", "clipboard-write"] } });
  const { room } = ada.chat;
  const several = await room.create("Attic", { share: false });
  await room.panel.getByRole("button", { name: "Invite one person" }).click();
  const link = await room.inviteForOne.inputValue();
  expect(link).not.toBe(several);
  // One press makes it and hands it on.
  await expect(room.panel.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await ada.site.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await shot(ada.site, "invite-for-one");
  const ben = await visitor(openSite, "Ben", { url: link });
  await ben.chat.room.join("Ben");
  await expect(room.member("Ben")).toBeVisible();
  const cyd = await visitor(openSite, "Cyd", { url: link });
  await expect(cyd.chat.room.questionText.getByRole("alert")).toContainText("This invite is used up");
  await room.panel.getByRole("button", { name: "Invite another person" }).click();
  await expect(room.inviteForOne).not.toHaveValue(link);
  await room.panel.getByRole("button", { name: "Back to the link for several people" }).click();
  await expect(room.invite).toHaveValue(several);

  // Ben's device counts whom it brings in, also after a reload.
  const places = [];
  for (const name of ["Dan", "Eva"]) {
    await ben.site.page.reload();
    await ben.chat.room.open();
    await ben.chat.room.panel.getByRole("button", { name: "Invite one person" }).click();
    const guest = await visitor(openSite, name, { url: await ben.chat.room.inviteForOne.inputValue() });
    await guest.chat.room.join(name);
    await expect(room.member(name)).toBeVisible();
    places.push(await ben.site.page.evaluate(placesGiven));
  }
  expect(places.map((given) => given.map(({ place }) => place.n))).toEqual([[0], [0, 4]]);
});

/** The places that the page's device has given to others, as the browser keeps them. */
async function placesGiven(): Promise<{ place: { n: number; share: number } }[]> {
  const opening = indexedDB.open("microgrid-identity");
  await new Promise((resolve) => opening.addEventListener("success", resolve));
  const store = opening.result.transaction("keys").objectStore("keys");
  const room = window.microgrid!.state.room!.id;
  const reading = store.get(`places ${room}`) as IDBRequest<{ place: { n: number; share: number } }[]>;
  await new Promise((resolve) => reading.addEventListener("success", resolve));
  opening.result.close();
  return reading.result;
}

test("a founder changes the rules; a member is told about them, reads them, and is bound by them", async ({
  openSite,
}) => {
  const ada = await visitor(openSite, "Ada");
  await ada.chat.ready();
  const invite = await ada.chat.room.create("Attic");
  const ben = await visitor(openSite, "Ben", { url: invite });
  await ben.chat.room.join("Ben");
  await expect(ben.chat.room.members).toHaveCount(2);
  await expect(ben.chat.model).toHaveAccessibleName(/in the room$/);

  await ada.rules.open();
  await ada.rules.edit();
  await ada.rules.form.fill({ tokensAnAnswer: "0" });
  await ada.rules.form.press("Change the rules");
  await expect(ada.rules.form.alerts).toHaveText([
    "Enter a whole number of 1 or more, or leave it empty for no limit.",
  ]);
  await ada.rules.form.fill({ tokensAnAnswer: "16", purpose: "Short answers." });
  await shot(ada.site, "charter-change");
  await ada.rules.form.press("Change the rules");
  const rule = "Each member gets at most 16 tokens in each answer.";
  await expect(ada.rules.rules.nth(3)).toHaveText(rule);
  await expect(ada.rules.content).toContainText("Version 2");
  await ada.rules.close();

  const news = ben.site.page.getByRole("status").filter({ hasText: "The rules of “Attic” have changed." });
  await expect(news).toContainText(rule);
  await expect(news).toContainText("Purpose: “Short answers.”");
  await shot(ben.site, "charter-changed");
  // The founder who changed them gets no notice, and reading them removes the notice.
  await expect(ada.site.page.getByText("have changed")).toHaveCount(0);
  await ben.rules.open();
  await expect(ben.rules.rules.nth(3)).toHaveText(rule);
  await expect(ben.rules.content.getByRole("button", { name: "Change the rules" })).toHaveCount(0);
  await ben.rules.close();
  await expect(news).toHaveCount(0);

  await ben.chat.ready("any");
  await ben.chat.ask("What is the capital of Japan?");
  await ben.chat.finished();
  await shot(ben.site, "charter-refused");
  expect((await ben.chat.reasons()).join(" ")).toContain("tokensPerAnswer");
  await shot(ben.site, "charter-refused-reasons");
});

test("a change of the rules waits for the other founder, who signs it", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  const ben = await visitor(openSite, "Ben");
  await ben.chat.settings.open();
  const did = await ben.chat.settings.content.locator("mg-did code").first().innerText();
  await ben.chat.settings.close();
  await ada.chat.room.open();
  await ada.form.fill({ name: "Attic", founders: [did], quorum: "3" });
  await ada.form.press("Open the room");
  await expect(ada.form.alerts).toHaveText(["Enter a number from 1 to 2, the number of owners."]);
  await ada.form.fill({ quorum: "2" });
  await ada.form.press("Open the room");
  await expect(ada.chat.room.invite).toBeVisible();
  await ben.site.page.goto(await ada.chat.room.invite.inputValue());
  await ben.chat.room.join("Ben");
  await expect(ben.chat.room.members).toHaveCount(2);

  await ada.rules.open();
  await ada.rules.edit();
  await ada.rules.form.fill({ logs: "Names, for a day." });
  await ada.rules.form.press("Propose the change");
  await ada.rules.close();
  const waiting = (visitor: Visitor) =>
    visitor.chat.room.panel.getByRole("list", { name: "Changes waiting for owners" });
  await expect(waiting(ben)).toContainText("1 of 2 agree");
  // Nobody signs what they cannot read.
  await expect(ben.site.page.getByRole("list", { name: "Proposed rules" })).toHaveText(
    "According to the owner, this is logged: Names, for a day.",
  );
  await expect(waiting(ada).getByRole("button")).toHaveCount(0);
  await shot(ben.site, "proposal");
  await ben.rules.open();
  await expect(ben.rules.rules.nth(6)).toHaveText("According to the owner, nothing is logged.");
  await ben.rules.close();
  await waiting(ben)
    .getByRole("button", { name: /^Agree: Change the rules: what is logged/ })
    .click();
  for (const founder of [ada, ben]) {
    await expect(waiting(founder)).toHaveCount(0);
    await founder.rules.open();
    await expect(founder.rules.rules.nth(6)).toContainText("Names, for a day.");
    await founder.rules.close();
  }
});
