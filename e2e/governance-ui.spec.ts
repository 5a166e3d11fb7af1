/** Charters, invites with limits, servers and rooms that are kept, as a person meets them in the page. */
import { expect, type OpenOptions, shot, type SitePage, test } from "./harness";
import { Signaling } from "./harness/signaling";
import { CharterForm, ChatPage, InviteLimits, NetworkPage, RulesDialog } from "./pages";

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

/** A day from today as fields for dates take it. */
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

test("a room is opened with a form; its guests see the same charter before anything is shared", async ({
  openSite,
}) => {
  const ada = await visitor(openSite, "Ada");
  await ada.chat.ready();
  await ada.chat.room.open();
  await ada.form.fill({ tokensAnAnswer: "many" });
  await ada.form.press("Open the room");
  await expect(ada.form.alerts).toHaveText([/^Give the room a name/, /^Write a whole number/]);
  await shot(ada.site, "charter-form-errors");
  await ada.form.fill({
    name: "Reading room",
    purpose: "Physics homework.\nNo exams.",
    whoMayComeIn: "whom a member lets in",
    models: ["Guide"],
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
    "With an invite one can ask to come in; a member decides.",
    "Every member may make invites.",
    "Only Guide may answer.",
    "Each member gets at most 2 answers at the same time and 200 tokens in each answer.",
    "Members are expected to share their device: who does not share is not answered.",
    "Answers come from the members’ own devices only.",
    "Capacity is not passed on to other rooms.",
    "What is logged, as the founders say: Times of answers, for a week.",
    "Its founder can change these rules and remove members.",
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
    await expect(room.rules).toHaveText(rules);
    const inside = guest.site.page.getByRole("list", { name: "Who is inside" }).getByRole("listitem");
    await expect(inside).toHaveCount(1);
    await expect(inside).toContainText("founder");
    await expect(inside).toContainText("shares Guide");
    await expect(room.questionText).toContainText("the text of a chat, on the device that answers it");
    await expect(guest.site.page.getByRole("switch", { name: "Share this device" })).not.toBeChecked();
    // The answer is in sight without scrolling, and nothing is wider than the screen.
    await expect(guest.site.page.getByRole("button", { name: "Ask to come in" })).toBeInViewport({ ratio: 1 });
    const wide = await guest.site.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).toBe(0);
    await shot(guest.site, `charter-question-${name}`);
    // Nobody is told of who only looks.
    await expect(ada.chat.room.members).toHaveCount(1);
    await expect(ada.chat.room.knocks).toHaveCount(0);
    await guest.site.page.getByRole("button", { name: "Not now" }).click();
    await expect(room.questionText).toHaveCount(0);
    await expect(room.button).toHaveAccessibleName("Open a room");
  }
});

test("an invite lets in so many and ends on its day; who comes too late is told so", async ({ openSite }) => {
  const ada = await visitor(openSite, "Ada");
  await ada.chat.room.create("Attic", { share: false });
  const limits = new InviteLimits(ada.site.page);
  await limits.open();
  await limits.ask("some");
  await expect(limits.alert).toContainText("a whole number from 1 to 10,000");
  await limits.ask("1", day(-1));
  await expect(limits.alert).toHaveText("The last day is over already.");
  await shot(ada.site, "invite-limits-wrong");
  const link = await limits.make("1", day(7));
  await expect(limits.alert).toHaveCount(0);
  await expect(limits.content).toContainText("One device may use this link, until the end of");
  await shot(ada.site, "invite-limits");

  const ben = await visitor(openSite, "Ben", { url: link });
  await ben.chat.room.join("Ben");
  await expect(ada.chat.room.member("Ben")).toBeVisible();

  const cyd = await visitor(openSite, "Cyd", { url: link, context: PHONE });
  await expect(cyd.chat.room.questionText.getByRole("alert")).toContainText(
    "This invite is used up. Ask for a new one.",
  );
  await shot(cyd.site, "invite-used-up");

  // Members judge by their own clocks.
  const short = await limits.make("", day(1));
  await expect(ada.chat.room.members).toHaveCount(2);
  await ada.site.page.evaluate(setClockAhead, 3 * DAY_MS);
  const late = await visitor(openSite, "Dan", { url: short, context: { ...PHONE, colorScheme: "dark" } });
  await expect(late.chat.room.questionText.getByRole("alert")).toContainText("This invite has ended");
  await shot(late.site, "invite-ended-dark");
});
