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

test("calls to a tab pass the whole suite, including the silent death of the tab", async ({ browsers }) => {
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

test("calls to a worker pass the whole suite, including the silent death of the worker", async ({ browsers }) => {
  const context = await (await browsers.shared({ webgpu: false })).newContext();
  const page = await context.newPage();
  await page.goto(site.url);
  for (const title of TITLES)
    await test.step(title, () => page.evaluate((each) => window.border.overWorker(each), title));
  await context.close();
});
