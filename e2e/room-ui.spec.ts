/** A room as users see it: open, join through a link after a question, share, leave. */
import { type SitePage, expect, shot, slowEngine, STORY, test } from "./harness";
import { ChatPage, GUIDE_NAME } from "./pages";

test("a link asks before joining, and a visitor without a model is answered by the room", async ({ openSite }) => {
  const anna = await openSite({ name: "anna" });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const invite = await annas.room.create("Kitchen table");
  await annas.room.share(true);
  await expect(annas.room.qr).toBeInViewport({ ratio: 1 });
  await shot(anna, "room-opened");
  await annas.room.qr.click();
  const large = anna.page.getByRole("dialog", { name: "Scan with a phone" });
  await expect(large).toBeVisible();
  await shot(anna, "room-code");
  await anna.page.keyboard.press("Escape");
  await expect(large).toHaveCount(0);
  await expect(annas.room.panel).toBeVisible();

  const ben = await openSite({ name: "ben", url: invite, context: { viewport: { width: 390, height: 844 } } });
  const bens = new ChatPage(ben.page);
  await expect(bens.room.questionText).toContainText("Kitchen table");
  await expect(bens.room.questionText).toContainText("The device that answers you can read that chat");
  await expect(bens.room.questionText).toContainText("Standard rules");
  await expect(bens.room.questionText).toContainText("1 person here, sharing 1 device");
  // A guest who only looks does not count as a member.
  await expect(annas.room.members).toHaveCount(1);
  await shot(ben, "room-question");
  await bens.room.join("Ben’s phone");

  await expect(annas.room.member("Ben’s phone")).toBeVisible();
  // On a phone the panel would cover the chat, for which the guest came.
  await expect(bens.room.panel).toBeHidden();
  await expect(bens.message).toBeFocused();
  await shot(ben, "room-joined-on-a-phone");
  await bens.room.open();
  await expect(bens.room.members).toHaveCount(2);
  await shot(ben, "room-on-a-phone");
  await ben.page.getByRole("button", { name: "Close panel" }).click();
  await expect(bens.model).toHaveAccessibleName(/in the room$/);
  const answer = await bens.chat("What is the capital of Japan?");
  expect(answer).toContain("Tokyo");
  await expect(bens.origin()).not.toContainText("On this device");
  await shot(ben, "room-answer");

  await bens.room.leave();
  await expect(annas.room.members).toHaveCount(1);
  expect(new URL(ben.page.url()).hash).not.toContain("join");
});

test("a visitor of a room where nobody shares is told so, and gets an answer from a model that loads automatically", async ({
  openSite,
}) => {
  const anna = await openSite({ name: "anna" });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const invite = await annas.room.create("Kitchen table", { share: false });

  const ben = await openSite({ name: "ben", url: invite });
  const bens = new ChatPage(ben.page);
  await bens.room.join("Ben");
  await bens.ask("What is the capital of Japan?");
  await expect(ben.page.getByText("Nobody in “Kitchen table” shares a device")).toBeVisible();
  await expect(bens.loadHere).toBeVisible();
  await bens.finished();
  expect(await bens.answerText()).toContain("Tokyo");
  await expect(bens.origin()).toContainText("On this device");

  // After the user unloads it by hand, the chat waits for the room as long as the user likes.
  await bens.models.open();
  await bens.models.unload(GUIDE_NAME);
  await bens.models.close();
  await bens.ask("23 + 45");
  await expect(bens.loadHere).toBeVisible();
  await shot(ben, "room-nobody-answers");
  await annas.room.share(true);
  await bens.finished();
  await expect(bens.origin()).not.toContainText("On this device");
  await expect(bens.loadHere).toBeHidden();
});

test("an answer whose only provider is killed continues here, with a model that loads automatically", async ({
  openSite,
}) => {
  const anna = await openSite({ name: "anna", ownProcess: true });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const invite = await annas.room.create("Kitchen table");
  await annas.room.share(true);

  const ben = await openSite({ name: "ben", url: invite });
  const bens = new ChatPage(ben.page);
  await bens.room.join("Ben");
  await expect(bens.model).toHaveAccessibleName(/in the room$/);
  await bens.ask(STORY.messages.at(-1)!.content);
  await expect(bens.answers.last()).toContainText(STORY.completion.slice(0, 12));
  await anna.kill();
  await bens.finished();
  const stored = await ben.page.evaluate(async () => {
    const { conversations } = window.microgrid!;
    const [newest] = await conversations.list();
    return (await conversations.get(newest!.id))?.messages.at(-1);
  });
  expect(stored?.content).toBe(STORY.completion);
  expect(stored?.answer?.routes.map(({ provider }) => provider.kind)).toEqual(["peer", "local"]);
  await expect(bens.origin()).toContainText("moved to this device: the connection to");
});

test("a visitor sees who answers and why it moves, and the one who shared comes back and shares again", async ({
  openSite,
}) => {
  // Otherwise the answer could be complete before its device leaves.
  const anna = await openSite({ name: "anna", prepare: slowEngine });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const invite = await annas.room.create("Kitchen table");
  await annas.room.share(true);
  await anna.page.getByRole("button", { name: "Close panel" }).click();

  const context = { viewport: { width: 390, height: 844 }, colorScheme: "dark" } as const;
  const ben = await openSite({ name: "ben", url: invite, context });
  const bens = new ChatPage(ben.page);
  await bens.room.join("Ben’s phone");
  await expect(bens.model).toHaveAccessibleName(/in the room$/);
  await bens.ask(STORY.messages.at(-1)!.content);
  await expect(bens.answers.last().getByRole("status")).toContainText(/^\s*“Chrome .+” is (thinking|answering)…/);
  await expect(anna.page.getByRole("button", { name: /^Answering 1 question with Guide/ })).toBeVisible();
  await shot(ben, "room-who-answers");
  await shot(anna, "room-sharer");

  await expect(bens.answers.last()).toContainText(STORY.completion.slice(0, 12));
  await anna.leave();
  await bens.finished();
  await expect(bens.origin()).toContainText(/moved to this device: “Chrome .+” left the room/);

  const again = await anna.openTab(new URL("/", invite).href);
  await again.page.getByRole("button", { name: "Go back" }).click();
  await expect(again.page.getByText("You share this device with “Kitchen table” again, as before.")).toBeVisible();
  await expect(new ChatPage(again.page).room.member("Ben’s phone")).toBeVisible();
});

test("an answer that lost its last provider says so, and continues here when the user agrees", async ({ openSite }) => {
  const anna = await openSite({ name: "anna", ownProcess: true });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const ben = await openSite({ name: "ben", url: await annas.room.create("Kitchen table", { share: false }) });
  const bens = new ChatPage(ben.page);
  await bens.room.join("Ben");
  await bens.ready("WASM (CPU)");
  await bens.models.open();
  await bens.models.unload(GUIDE_NAME);
  await bens.models.close();
  await annas.room.share(true);
  await expect(bens.model).toHaveAccessibleName(/in the room$/);
  await bens.ask(STORY.messages.at(-1)!.content);
  await expect(bens.answers.last()).toContainText(STORY.completion.slice(0, 12));
  await anna.kill();
  await bens.finished();
  const reasons = await bens.reasons();
  expect(reasons.at(-2)).toMatch(/^The connection to .+ was lost\.$/);
  expect(reasons.at(-1)).toMatch(/is not ready here\. The connection to .+ was lost\. Nobody else offers it\./);
  await shot(ben, "room-answer-lost");
  await ben.page.getByRole("button", { name: `Load ${GUIDE_NAME} here and go on` }).click();
  await expect.poll(() => bens.answerText()).toBe(STORY.completion);
});

test("without the signaling server, a guest is told so once, and connects with two texts", async ({
  openSite,
  signaling,
}) => {
  const noise = [/ERR_CONNECTION_REFUSED/, /WebSocket/];
  const anna = await openSite({ name: "anna", expectProblems: noise });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const url = await annas.room.create("Kitchen table");
  await signaling.kill();
  await expect(annas.room.panel).toContainText("nobody can be found");

  const context = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const ben = await openSite({ name: "ben", url, context, expectProblems: noise });
  const bens = new ChatPage(ben.page);
  await bens.room.join("Ben", { anyway: true });
  await expect(bens.room.panel).toContainText("Nobody can be found yet");
  await expect(ben.page.getByText("cannot be looked for")).toHaveCount(0);
  const asking = await bens.room.byHand();
  const offer = await asking.offer();
  await shot(ben, "hand-link-phone");
  const answering = await annas.room.byHand();
  await shot(anna, "hand-link-desk");
  const answer = await answering.answer(offer);
  // Nothing overflows: the text is as wide as the button below it.
  const text = await annas.room.panel.getByRole("textbox", { name: /^Your answer/ }).boundingBox();
  const button = await annas.room.panel.getByRole("button", { name: "Copy your answer" }).boundingBox();
  expect(text?.width).toBeCloseTo(button?.width ?? 0, 0);
  await shot(anna, "hand-link-answered");
  await asking.connect(answer);
  await expect(bens.room.members).toHaveCount(2);
  await expect(annas.room.member("Ben")).toBeVisible();
  await expect(annas.room.panel).toContainText("You stay connected to the people here");
  await shot(ben, "hand-link-phone-linked");
});

test("a member lets in a guest who knocks, and a founder removes that guest for good", async ({ openSite }) => {
  const anna = await openSite({ name: "anna" });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const url = await annas.room.create("Reading room", { whoMayComeIn: "people a member lets in" });
  await anna.page.getByRole("button", { name: "Close panel" }).click();

  const ben = await openSite({ name: "ben", url });
  const bens = new ChatPage(ben.page);
  await expect(bens.room.questionText).toContainText("1 rule differs from the standard");
  await bens.room.knock("Ben");
  await expect(bens.room.panel).toContainText("A member has to let you in");
  await expect(bens.room.invite).toHaveCount(0);

  // The panel is closed, so a message and the room's button show it.
  await expect(anna.page.getByText("“Ben” asks to come in")).toBeVisible();
  await expect(annas.room.button).toHaveAccessibleName("Room Reading room, 1 here, 1 asking to join");
  await annas.room.open();
  await shot(anna, "room-knock");
  await annas.room.panel.getByRole("button", { name: "Admit Ben" }).click();
  await expect(annas.room.knocks).toHaveCount(0);
  await expect(bens.room.members).toHaveCount(2);
  // An owner who is alone sees the invite first; a guest who was let in, the people.
  const places = ({ panel }: ChatPage["room"]) =>
    Promise.all(
      ["Invite", "Who is here (2)"].map(async (name) => (await panel.getByRole("heading", { name }).boundingBox())!.y),
    );
  const [annasInvite, annasPeople] = await places(annas.room);
  expect(annasInvite).toBeLessThan(annasPeople!);
  const [bensInvite, bensPeople] = await places(bens.room);
  expect(bensPeople).toBeLessThan(bensInvite!);

  const row = annas.room.member("Ben");
  await row.getByText("Details").click();
  await row.getByRole("button", { name: "Remove from the room…" }).click();
  await anna.page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(annas.room.members).toHaveCount(1);
  await expect(bens.room.button).toHaveAccessibleName("Open a room");
});

test("an answer that no device can give offers to load the guide here, and continues with it", async ({ openSite }) => {
  const { page } = await openSite();
  const chat = new ChatPage(page);
  await chat.ready();
  await chat.models.open();
  await chat.models.unload(GUIDE_NAME);
  await chat.models.close();
  await chat.ask("What is the capital of Japan?");
  await expect(chat.alerts).toContainText("No model is loaded");
  await page.getByRole("button", { name: `Load ${GUIDE_NAME} here and answer` }).click();
  await expect.poll(() => chat.answerText()).toContain("Tokyo");
});

test("networks that let nothing through are named, on both sides", async ({ openSite }) => {
  // Without a single address that others can send to, signaling works and no packet passes.
  const walled = {
    prepare: async ({ page }: SitePage) => {
      await page.addInitScript(() => {
        const Original = RTCPeerConnection;
        window.RTCPeerConnection = class extends Original {
          constructor(config?: RTCConfiguration) {
            super({ ...config, iceTransportPolicy: "relay" });
          }
        };
      });
    },
  };
  const anna = await openSite({ name: "anna", ...walled });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const invite = await annas.room.create("Walls");
  const ben = await openSite({ name: "ben", url: invite, ...walled });
  const bens = new ChatPage(ben.page);
  await expect(bens.room.questionText).toContainText("your two networks let no direct connection through");
  await expect(anna.page.getByText("Somebody tries to reach “Walls” on this device")).toBeVisible();
  await shot(ben, "room-walled");
  await bens.room.join("Ben", { anyway: true });
  await expect(ben.page.getByText("A device of “Walls” is there")).toBeVisible();
  await expect(ben.page.getByText("Nobody is in “Walls”")).toHaveCount(0);
});

test("a damaged invite is explained, and the page works without it", async ({ openSite }) => {
  const { page } = await openSite({ path: "#/join/nonsense" });
  const chat = new ChatPage(page);
  await expect(page.getByRole("dialog", { name: "This invite does not work" })).toBeVisible();
  await page.getByRole("button", { name: "Continue without it" }).click();
  await chat.ready();
  expect(await chat.chat("23 + 45")).toContain("bigger model");
});
