/** The acceptance suite of transports over PeerJS, in a real browser and with the real signaling server. */
import { CONNECTIONS } from "../src/wire/testing/transports/connections";
import { LINKS } from "../src/wire/testing/transports/links";
import { type SitePage, type WebServer, expect, test } from "./harness";
import { serveBarePage } from "./harness/bare-pages";
import type { TransportPage } from "./transport-page/main";

declare global {
  interface Window {
    transports: TransportPage;
  }
}

let site: WebServer;

test.beforeAll(async () => {
  site = await serveBarePage("transport-page");
});

test.afterAll(() => site.close());

test("PeerJS passes what every transport must pass", async ({ openSite, signaling }) => {
  const server = `http://127.0.0.1:${signaling.port}/microgrid`;
  const open = async (ownProcess: boolean): Promise<SitePage> => {
    const opened = await openSite({ url: site.url, ownProcess, expectProblems: ["WebSocket"] });
    await opened.page.waitForFunction(() => "transports" in window);
    return opened;
  };
  const { page } = await open(false);
  let doomed: SitePage;
  await page.exposeFunction("openDoomed", async () => {
    doomed = await open(true);
    return doomed.page.evaluate((url) => window.transports.welcome(url), server);
  });
  await page.exposeFunction("killDoomed", () => doomed.kill());
  let up = true;
  await page.exposeFunction("endServer", async () => {
    up = false;
    await signaling.kill();
  });
  const titles = [...Object.keys(CONNECTIONS), ...Object.keys(LINKS)];
  expect(await page.evaluate(() => window.transports.titles)).toEqual(titles);
  for (const title of titles) {
    if (!up) await signaling.restart();
    up = true;
    await test.step(title, () => page.evaluate(([each, url]) => window.transports.run(each!, url!), [title, server]));
  }
});
