/** `<microgrid-room>` and `<microgrid-node>` on pages of another site, in rooms with the Microgrid site. */
import type {} from "../src/embed/node-element";
import {
  expect,
  expectPeers,
  gridReady,
  isAccessible,
  openRoom,
  shot,
  test,
  type SitePage,
  visitorWithModel,
} from "./harness";
import { ChatPage, EmbeddedChat, EmbeddedNode, EmbeddedRoom, GUIDE_NAME, embedEvents, embeddingPage } from "./pages";

const QUESTION = "What is the capital of Japan?";
const PHONE = { viewport: { width: 360, height: 740 } };
const COPIES = { permissions: ["clipboard-read", "clipboard-write"] };

test("a page's room: joined after a question, with its people, sharing and invite, and left again", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const anna = await visitorWithModel(openSite, { name: "anna" });
  const invite = await openRoom(anna);
  const body = `<microgrid-room room="${invite}"></microgrid-room>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
  const ben = await openSite({ name: "ben", url: foreign.url, context: { ...PHONE, ...COPIES } });
  const room = new EmbeddedRoom(ben);
  await expect(room.question).toContainText("Join “Attic”?");
  await expect(room.question).toContainText("The device that answers you can read that chat");
  await expectPeers(anna, 0);
  await isAccessible(ben.page, "the question", "microgrid-room");
  await shot(ben, "embed-room-element-question", { fullPage: true });
  await room.question.getByRole("button", { name: "Cancel" }).click();
  await expect(room.root).toContainText("This device is in no room.");
  await room.root.getByRole("button", { name: "Join room" }).click();
  await room.join("Ben elsewhere");
  await expectPeers(anna, 1, 0);

  await expect(room.members).toHaveCount(2);
  await expect(room.members.first()).toContainText("Ben elsewhere (you)");
  await expect(room.members.last()).toContainText(GUIDE_NAME);
  expect((await embedEvents(ben, "microgrid-peer-change")).at(-1)?.peers).toHaveLength(1);
  await room.root.getByRole("button", { name: "Copy link" }).click();
  await expect(room.root.getByRole("button", { name: "Copied" })).toBeVisible();
  const copied = await ben.page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain(`${site.url}#/join/`);
  await expect(room.invite).toHaveValue(copied);

  // Its model is loaded once it is shared, and the room loses it when sharing stops.
  expect(await embedEvents(ben, "microgrid-progress")).toEqual([]);
  await room.sharing.focus();
  await ben.page.keyboard.press("Space");
  await expect(room.sharing).toBeChecked();
  await expectPeers(anna, 1, 1);
  await expect(room.root).toContainText("Not answering anyone right now.");
  await isAccessible(ben.page, "the room", "microgrid-room");
  expect(await ben.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  await shot(ben, "embed-room-element-phone", { fullPage: true });
  await ben.page.setViewportSize({ width: 1000, height: 700 });
  await shot(ben, "embed-room-element-wide", { fullPage: true });
  await room.sharing.uncheck();
  await expectPeers(anna, 1, 0);

  // Somebody else comes in with the copied link; the page of the invite is the Microgrid site.
  const carl = await openSite({ name: "carl", url: copied });
  await carl.page.getByRole("button", { name: "Join", exact: true }).click();
  await expect(room.members).toHaveCount(3);

  // Without the button that was pressed, the focus stays in the element.
  const leave = room.root.getByRole("button", { name: "Leave" });
  await leave.focus();
  await ben.page.keyboard.press("Enter");
  await expectPeers(anna, 1, 0);
  await expect(leave).toHaveCount(0);
  expect(await ben.page.evaluate(() => document.activeElement?.tagName)).toBe("MICROGRID-ROOM");
  expect(await embedEvents(ben, "microgrid-error")).toEqual([]);
});

test("a guest waits in the element until somebody lets it in, and then lets others in or turns them away", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const anna = await openSite({ name: "anna" });
  await gridReady(anna);
  const invite = await anna.page.evaluate(
    async () =>
      (await window.microgrid!.rooms.create({ name: "Attic", charter: { admission: { kind: "approval" } } })).invite,
  );
  const body = `<microgrid-room room="${invite}" model=""></microgrid-room>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
  const visit = async (name: string): Promise<{ readonly page: SitePage; readonly room: EmbeddedRoom }> => {
    const page = await openSite({ name, url: foreign.url, context: PHONE });
    const room = new EmbeddedRoom(page);
    await room.knock(name);
    return { page, room };
  };
  const ben = await visit("Ben");
  await expect(ben.room.root).toContainText("You asked to join. A member has to let you in");
  await expect(ben.room.invite).toHaveCount(0);
  await isAccessible(ben.page.page, "the wait", "microgrid-room");
  await shot(ben.page, "embed-room-element-waiting", { fullPage: true });
  await new ChatPage(anna.page).room.open();
  await anna.page.getByRole("button", { name: "Admit Ben" }).click();
  await expect(ben.room.members).toHaveCount(2);
  await expect(ben.room.root).not.toContainText("You asked to join");
  await expect(ben.room.invite).toBeVisible();

  // The member in the element answers the door, too.
  const carl = await visit("Carl");
  await expect(ben.room.knocks).toContainText("Carl");
  await isAccessible(ben.page.page, "the knock", "microgrid-room");
  await shot(ben.page, "embed-room-element-knock", { fullPage: true });
  const admit = ben.room.knocks.getByRole("button", { name: "Admit Carl" });
  await admit.focus();
  await ben.page.page.keyboard.press("Enter");
  await expect(carl.room.members).toHaveCount(3);
  await expect(ben.room.knocks).toHaveCount(0);
  expect(await ben.page.page.evaluate(() => document.activeElement?.tagName)).toBe("MICROGRID-ROOM");

  const dan = await visit("Dan");
  await ben.room.knocks.getByRole("button", { name: "Decline Dan" }).click();
  await expect(dan.room.root).not.toContainText("You asked to join");
  await expect(dan.room.root).toContainText("Nobody in the room has let this device in.");
  await shot(dan.page, "embed-room-element-declined", { fullPage: true });
  for (const { page } of [ben, carl]) expect(await embedEvents(page, "microgrid-error")).toEqual([]);
});

test("a visitor opens a room where the page allows it, and the page says that the server is gone", async ({
  site,
  foreignSite,
  openSite,
  signaling,
}) => {
  const body = '<microgrid-room openable model=""></microgrid-room>';
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
  const anna = await openSite({ name: "anna", url: foreign.url });
  const room = new EmbeddedRoom(anna);
  await room.root.getByRole("textbox", { name: "Name of the room" }).fill("Porch");
  await isAccessible(anna.page, "the form", "microgrid-room");
  await shot(anna, "embed-room-element-open");
  await room.root.getByRole("button", { name: "Open the room" }).click();
  await expect(room.root.getByRole("heading", { name: "Porch" })).toBeVisible();
  await expect(room.sharing).toBeChecked();
  await expect(room.root).toContainText("there is nothing to share");

  // The invite works on the page as well as on the Microgrid site.
  const link = new URL(await room.invite.inputValue());
  const ben = await openSite({ name: "ben", url: foreign.url + link.hash });
  const guest = new EmbeddedRoom(ben);
  await guest.join("Ben");
  await expect(room.members).toHaveCount(2);
  await expect(guest.members).toHaveCount(2);

  anna.problems.expect("ERR_CONNECTION_REFUSED");
  ben.problems.expect("ERR_CONNECTION_REFUSED");
  await signaling.kill();
  await expect(room.root).toContainText("You stay connected to the people here");
  await shot(anna, "embed-room-element-reconnecting");
  await signaling.restart();
  await expect(room.root).not.toContainText("You stay connected to the people here");
});

test("a page lends its visitor's device to a room after a question, until the visitor stops it", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const phone = await openSite({ name: "phone", context: PHONE });
  await gridReady(phone);
  const invite = await openRoom(phone, false);
  const node = `<microgrid-node room="${invite}"></microgrid-node>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, `<h1>My blog</h1>${node}`) });
  const laptop = await openSite({
    name: "laptop",
    url: foreign.url,
    context: { viewport: { width: 1000, height: 700 } },
  });
  const lender = new EmbeddedNode(laptop);
  await expect(lender.question).toContainText("Joining shares this device.");
  await isAccessible(laptop.page, "the question", "microgrid-node");
  await shot(laptop, "embed-node-question");
  await lender.question.getByRole("button", { name: "Cancel" }).click();
  await expect(lender.question).toHaveCount(0);
  expect(await stateOf(laptop)).toBe("off");
  await expectPeers(phone, 0);

  const started = laptop.page.evaluate(() => document.querySelector("microgrid-node")!.start());
  await lender.join("Laptop");
  expect(await started).toBe("lending");
  await expect(lender.status).toHaveText("Sharing this device with “Attic”");
  await expectPeers(phone, 1, 1);
  const states = (await embedEvents(laptop, "microgrid-state")).map(({ state }) => state);
  expect(states.filter((state) => state !== "loading")).toEqual(["asking", "off", "asking", "joining", "lending"]);
  await isAccessible(laptop.page, "the line", "microgrid-node");
  await shot(laptop, "embed-node-wide");
  await laptop.page.setViewportSize(PHONE.viewport);
  await shot(laptop, "embed-node-phone");

  // The phone has loaded no model.
  await phone.page.evaluate(() =>
    Promise.all(Object.keys(window.microgrid!.state.loads).map((id) => window.microgrid!.models.unload(id))),
  );
  const answer = await phone.page.evaluate(async (content) => {
    const { choices } = await window.microgrid!.chat.completions.create({
      model: "guide",
      messages: [{ role: "user", content }],
    });
    return choices[0]!.message.content;
  }, QUESTION);
  expect(answer).toContain("Tokyo");
  expect(await phone.page.evaluate(() => Object.keys(window.microgrid!.state.loads))).toEqual([]);

  // After a reload, the visitor is not asked again.
  await laptop.page.reload();
  await expectPeers(phone, 1, 1);
  await expect(lender.status).toHaveText("Sharing this device with “Attic”");
  await expect(lender.question).toHaveCount(0);
  await lender.stop.click();
  await expectPeers(phone, 0);
  await expect(lender.stop).toHaveCount(0);
  expect(await stateOf(laptop)).toBe("off");

  // The page may begin again without a question, and an element that leaves the page takes the device along.
  expect(await laptop.page.evaluate(() => document.querySelector("microgrid-node")!.start())).toBe("lending");
  await expectPeers(phone, 1, 1);
  await laptop.page.evaluate(() => document.querySelector("microgrid-node")!.remove());
  await expectPeers(phone, 0);
  expect(await embedEvents(laptop, "microgrid-error")).toEqual([]);
});

test("all elements of a page share one node, and lending that stops leaves the room to the others", async ({
  site,
  foreignSite,
  openSite,
}) => {
  const anna = await openSite({ name: "anna" });
  await gridReady(anna);
  const invite = await openRoom(anna, false);
  const body = `<microgrid-chat model="" room="${invite}"></microgrid-chat><microgrid-room room="${invite}"></microgrid-room>
    <microgrid-node room="${invite}"><button slot="control">My own control</button></microgrid-node>`;
  const foreign = await foreignSite({ "/": embeddingPage(site.url, body) });
  const ben = await openSite({ name: "ben", url: foreign.url });
  const [chat, room, node] = [new EmbeddedChat(ben), new EmbeddedRoom(ben), new EmbeddedNode(ben)];
  await expect(ben.page.getByRole("button", { name: "My own control" })).toBeHidden();
  await room.join("Ben");
  await expectPeers(anna, 1, 0);
  await expect(chat.question).toHaveCount(0);
  // Inside already, only sharing is left to agree to.
  const share = node.root.getByRole("form", { name: "Share this device with “Attic”?" });
  await share.getByRole("button", { name: "Share" }).click();
  await expectPeers(anna, 1, 1);
  await expect(ben.page.getByRole("button", { name: "My own control" })).toBeVisible();
  await expect(room.sharing).toBeChecked();
  await chat.ask(QUESTION);
  await expect(chat.answers.last()).toContainText("Tokyo");

  await ben.page.evaluate(() => document.querySelector("microgrid-node")!.stop());
  await expectPeers(anna, 1, 0);
  await expect(room.sharing).not.toBeChecked();
  await expect(room.root.getByRole("button", { name: "Leave" })).toBeVisible();
  await expect(ben.page.getByRole("button", { name: "My own control" })).toBeHidden();
  // A device that is switched off elsewhere stays off.
  await ben.page.evaluate(() => document.querySelector("microgrid-node")!.start());
  await expectPeers(anna, 1, 1);
  await room.sharing.uncheck();
  await expectPeers(anna, 1, 0);
  expect(await stateOf(ben)).toBe("off");
  const grids = await ben.page.evaluate(() => {
    const elements = Array.from(document.querySelectorAll<HTMLElement & { grid?: unknown }>("[room]"));
    return [elements.length, new Set(elements.map(({ grid }) => grid)).size];
  });
  expect(grids).toEqual([3, 1]);
});

async function stateOf({ page }: SitePage): Promise<string> {
  return page.evaluate(() => document.querySelector("microgrid-node")!.state);
}
