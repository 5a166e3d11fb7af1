/** Compares a visit with the server killed to one with the server there; both come to a profile that was there before. */
import type { BrowserContext } from "@playwright/test";
import { serveSite } from "../../e2e/harness/servers";
import type { Group, GroupContext } from "../group";
import { pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";
import { arrival, watchArrival } from "./start";

const ROUNDS = 7;

export const offline: Group = async (context) => {
  const [online, dead] = [await begin(context), await begin(context)];
  await dead.close();
  const { a: without, b: warm } = await inTurns(
    context.times(ROUNDS),
    () => firstTokenMs(dead),
    () => firstTokenMs(online),
  );
  await online.close();
  for (const { visitor } of [online, dead]) await context.stage.dismiss(visitor);
  return [
    {
      name: "navigation to the guide's first token, server killed",
      unit: "ms",
      measured: spread(without),
      other: { name: "warm, with the server", unit: "ms", value: spread(warm) },
      ratio: pairedRatio(without, warm),
      target: { of: "ratio", at: "most", value: 1.05 },
      notes: ["Both visits get the page and the engine from the Service Worker, and the model from the page's store."],
    },
  ];
};

/** A visitor with a site of its own, whose browser has kept everything that the site's worker keeps. */
async function begin({ stage }: GroupContext) {
  const site = await serveSite(() => ({ signaling: [], iceServers: [], hub: "http://127.0.0.1:9" }));
  const visitor = await stage.visit({ name: "offline", url: site.url, prepare: ({ page }) => watchArrival(page) });
  await arrival(visitor.page);
  await visitor.page.waitForFunction(async () => {
    const name = (await caches.keys()).find((each) => each.endsWith(" assets"));
    const files = name === undefined ? [] : await (await caches.open(name)).keys();
    return navigator.serviceWorker.controller !== null && files.some(({ url }) => url.endsWith(".wasm"));
  });
  await visitor.leave();
  return { visitor, url: site.url, context: visitor.context, close: () => site.close() };
}

async function firstTokenMs({
  context,
  url,
}: {
  readonly context: BrowserContext;
  readonly url: string;
}): Promise<number> {
  const page = await context.newPage();
  await watchArrival(page);
  await page.goto(url);
  const arrived = await arrival(page);
  await page.close();
  return arrived.firstTokenMs;
}
