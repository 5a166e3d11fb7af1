/** The Enter key in the message field: on a keyboard, while a word is composed, and on a touch screen. */
import { expect, slowEngine, test } from "./harness";
import { ChatPage } from "./pages";

const STORY = "Tell me a story about a robot";

test("Enter sends on a keyboard, but not in the middle of a composition", async ({ openSite }) => {
  const { page } = await openSite({ prepare: slowEngine });
  const chat = new ChatPage(page);
  await chat.ready();
  await chat.message.fill("こんにちは");
  // Input methods mark their keys in one of these ways.
  await chat.message.dispatchEvent("keydown", { key: "Enter", isComposing: true });
  await chat.message.dispatchEvent("keydown", { key: "Enter", keyCode: 229 });
  await expect(chat.message).toHaveValue("こんにちは");
  await chat.message.fill(STORY);
  await chat.message.press("Enter");
  await expect(chat.stop).toBeVisible();
  await chat.message.dispatchEvent("keydown", { key: "Escape", isComposing: true });
  await expect(chat.stop).toBeVisible();
  await expect(chat.questions).toHaveText([STORY]);
  await chat.stop.press("Enter");
  await expect(chat.send).toBeVisible();
});

test("Enter starts a new line on a touch screen, where the button sends", async ({ openSite }) => {
  const { page } = await openSite({
    context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  });
  const chat = new ChatPage(page);
  await chat.ready();
  await chat.message.fill("What can");
  await chat.message.press("Enter");
  await chat.message.pressSequentially("you do?");
  await expect(chat.message).toHaveValue("What can\nyou do?");
  await chat.send.click();
  await expect(chat.answers).toHaveCount(1);
});
