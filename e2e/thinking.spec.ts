/** A model that thinks, from its template to the page. */
import { expect, shot, test } from "./harness";
import { HubServer } from "./harness/hub-server";
import { ANSWER, THOUGHT, putThinker } from "./harness/thinker";
import { ChatPage } from "./pages";

const REPOSITORY = "tests/thinker";
const QUESTION = "What is the capital of France?";
/** The thought as it is read: its Markdown is shown as such. */
const READ_THOUGHT = THOUGHT.replaceAll("*", "");

test("a thought is folded above the answer, can be switched off, and stays with the conversation", async ({
  openSite,
  siteConfig,
}) => {
  const hub = await HubServer.start();
  await putThinker(hub, REPOSITORY);
  siteConfig.hub = hub.url;
  const site = await openSite({ name: "anna" });
  const { page } = site;
  const chat = new ChatPage(page);
  await chat.ready();
  await chat.models.open();
  await chat.models.add(REPOSITORY);
  await chat.models.load("thinker");
  await expect(chat.model).toHaveAccessibleName(/^Model: thinker, /);
  await expect(chat.models.row("thinker")).toContainText("takes no system prompt");
  await chat.models.close();

  await chat.chatSettings.open();
  await chat.chatSettings.set(chat.chatSettings.systemPrompt, "Be brief.");

  expect(await chat.chat(QUESTION)).toBe(ANSWER);
  const last = chat.answers.last();
  const fold = last.getByText(/Thought for /);
  await expect(fold).toBeVisible();
  await expect(last.getByText(READ_THOUGHT)).toBeHidden();
  await shot(site, "thinking-folded");
  await fold.click();
  await expect(last.getByText(READ_THOUGHT)).toBeVisible();
  await shot(site, "thinking-open");

  await page.getByText("Think before answering").click();
  await shot(site, "thinking-switch");
  expect(await chat.chat(QUESTION)).toBe(ANSWER);
  await expect(last.getByText(/Thought/)).toHaveCount(0);
  // The page says once what it did with the system prompt.
  await expect(page.getByText(/has no place for a system prompt/)).toHaveCount(1);

  await page.reload();
  await chat.ready();
  await expect(chat.answers.first().getByText(/Thought for /)).toBeVisible();
  await expect(page.getByText(/has no place for a system prompt/)).toHaveCount(1);
  await expect(chat.answers.last().getByText(/Thought/)).toHaveCount(0);
  await hub.stop();
});
