/** The npm package, packed and installed into the examples: their builds answer a question by `Grid` and by an element. */
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

for (const name of ["html", "react", "webpack"]) {
  test(`answers in the example “${name}”`, async ({ openSite }) => {
    test.skip(!examples, "npm’s registry cannot be reached, so the package is not installed into other projects.");
    const visitor = await openSite({ url: await examples!.open(name) });
    const chat = new EmbeddedChat(visitor);
    await chat.ready();
    await chat.ask(QUESTION);
    await expect(chat.answers.last()).toContainText("Tokyo");

    await visitor.page.getByRole("button", { name: "Ask", exact: true }).click();
    await expect(visitor.page.locator("output")).toContainText("Tokyo");
  });
}
