/** The border's acceptance suite in a real browser: over a tab and over a worker, with the browser's own locks. */
import { expect, test, type WebServer } from "./harness";
import { serveBarePage } from "./harness/bare-pages";
import { SCENARIOS } from "../src/border/testing/suite";

const TITLES = Object.keys(SCENARIOS);

let site: WebServer;

test.beforeAll(async () => {
  site = await serveBarePage("border-page");
});

test.afterAll(async () => {
  await site.close();
});

test("everything that crosses to a tab crosses as the suite says, its silent death included", async ({ browsers }) => {
  const context = await (await browsers.shared({ webgpu: false })).newContext();
  const [asking, serving] = [await context.newPage(), await context.newPage()];
  await Promise.all([asking.goto(site.url), serving.goto(site.url)]);
  await asking.exposeFunction("endTab", () => serving.close());
  expect(await asking.evaluate(() => window.border.titles)).toEqual(TITLES);
  const tab = await serving.evaluate(() => window.border.serveTabs());
  for (const title of TITLES) {
    await test.step(title, () =>
      asking.evaluate(([each, address]) => window.border.overTab(each!, address!), [title, tab]),
    );
  }
  await context.close();
});

test("everything that crosses to a worker crosses as the suite says, its silent death included", async ({
  browsers,
}) => {
  const context = await (await browsers.shared({ webgpu: false })).newContext();
  const page = await context.newPage();
  await page.goto(site.url);
  for (const title of TITLES)
    await test.step(title, () => page.evaluate((each) => window.border.overWorker(each), title));
  await context.close();
});
