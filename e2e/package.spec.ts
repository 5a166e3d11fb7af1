/** The npm package, packed and installed into the examples: their builds answer a question by `Grid` and by an element, and show a room. */
import { expect, test } from "./harness";
import { Examples } from "./harness/examples";
import { EmbeddedChat } from "./pages";

const QUESTION = "What is the capital of Japan?";

// One installation for all.
test.describe.configure({ mode: "default" });

let examples: Examples | undefined;

test.beforeAll(async () => {
  examples = await Examples.install();
});

test.afterAll(async () => {
  await examples?.close();
});

for (const name of ["html", "react", "svelte", "vue", "webpack"]) {
  test(`answers in the example “${name}”`, async ({ openSite }) => {
    test.skip(!examples, "npm’s registry cannot be reached, so the package is not installed into other projects.");
    const visitor = await openSite({ url: await examples!.open(name) });
    const chat = new EmbeddedChat(visitor);
    await chat.ready();
    await chat.ask(QUESTION);
    await expect(chat.answers.last()).toContainText("Tokyo");

    // All but one, which shows the smallest page, have a room, too.
    const rooms = visitor.page.locator("microgrid-room");
    await expect(rooms).toHaveCount(name === "webpack" ? 0 : 1);
    if (name !== "webpack") await expect(rooms.getByRole("textbox", { name: "Name of the room" })).toBeVisible();

    await visitor.page.getByRole("button", { name: "Ask", exact: true }).click();
    await expect(visitor.page.locator("output")).toContainText("Tokyo");
  });
}
