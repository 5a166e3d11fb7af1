/** A room as people see it: opened, entered by a link after a question, shared, left. */
import { expect, shot, test } from "./harness";
import { ChatPage } from "./pages";

test("a link asks before joining, and a visitor without a model is answered by the room", async ({ openSite }) => {
  const anna = await openSite({ name: "anna" });
  const annas = new ChatPage(anna.page);
  await annas.ready();
  const invite = await annas.room.create("Kitchen table");
  await annas.room.share(true);
  await expect(annas.room.qr).toBeVisible();
  await shot(anna, "room-opened");

  const ben = await openSite({ name: "ben", url: invite, context: { viewport: { width: 390, height: 844 } } });
  const bens = new ChatPage(ben.page);
  await expect(bens.room.questionText).toContainText("Kitchen table");
  await expect(bens.room.questionText).toContainText("the text of a chat, on the device that answers it");
  await expect(annas.room.members).toHaveCount(1);
  await shot(ben, "room-question");
  await bens.room.join("Ben’s phone");

  await expect(annas.room.member("Ben’s phone")).toBeVisible();
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

test("a damaged invite is explained, and the page goes on without it", async ({ openSite }) => {
  const { page } = await openSite({ path: "#/join/nonsense" });
  const chat = new ChatPage(page);
  await expect(page.getByRole("dialog", { name: "This invite does not work" })).toBeVisible();
  await page.getByRole("button", { name: "Go on without it" }).click();
  await chat.ready();
  expect(await chat.chat("23 + 45")).toContain("78");
});
