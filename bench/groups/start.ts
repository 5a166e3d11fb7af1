/** Measures the waits of a visitor: scripts before the first paint, the paint itself, and the first token. */
import type { Page } from "@playwright/test";
import type { SitePage } from "../../e2e/harness/site-page";
import { greedy } from "../answers";
import type { Group, GroupContext } from "../group";
import { pairedRatio, spread } from "../statistics";

const ROUNDS = 5;
const FIRST_PAINT_KB = 60;

/** Milliseconds from navigation, and the scripts that were loaded. */
interface Arrival {
  /** The browser's own first contentful paint. */
  readonly paintMs: number;
  /** The frame of the page is about to be painted: header, sidebar, composer. */
  readonly frameMs: number;
  readonly firstTokenMs: number;
  /** Scripts whose loading began before that frame. */
  readonly scripts: readonly { readonly url: string; readonly bytes: number }[];
}

declare global {
  interface Window {
    /** Measurements of this page's own start. */
    arrival?: Promise<Arrival>;
  }
}

export const start: Group = async (context) => {
  const cold: Arrival[] = [];
  const warm: Arrival[] = [];
  for (let round = -1; round < context.times(ROUNDS); round++) {
    const [first, second] = await arriveTwice(context);
    if (round < 0) continue; // The very first visit makes the server compress its files.
    cold.push(first);
    warm.push(second);
  }
  const { scripts } = cold[0]!;
  for (const { url, bytes } of scripts) context.say(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${url}`);
  const kinds = [
    "Cold: a new browser profile, nothing kept. Warm: a new tab in a profile that was there once before, so files come " +
      "from the site's worker and the model from the page's store.",
  ];
  const column = (arrivals: readonly Arrival[], key: "paintMs" | "frameMs" | "firstTokenMs"): number[] =>
    arrivals.map((arrival) => arrival[key]);
  const compared = (name: string, key: "paintMs" | "frameMs" | "firstTokenMs") => ({
    name,
    unit: "ms" as const,
    measured: spread(column(warm, key)),
    other: { name: "cold", unit: "ms" as const, value: spread(column(cold, key)) },
    ratio: pairedRatio(column(warm, key), column(cold, key)),
    notes: kinds,
  });
  return [
    {
      name: `JavaScript before the first paint, ${scripts.length} files as served`,
      unit: "kB",
      measured: spread(cold.map((arrival) => arrival.scripts.reduce((sum, { bytes }) => sum + bytes, 0) / 1000)),
      target: { of: "median", at: "most", value: FIRST_PAINT_KB },
      notes: [scripts.map(({ url, bytes }) => `${url} ${(bytes / 1000).toFixed(1)} kB`).join(", ")],
    },
    compared("navigation to first contentful paint, warm", "paintMs"),
    compared("navigation to the page's frame, warm", "frameMs"),
    compared("navigation to the guide's first token, warm", "firstTokenMs"),
  ];
};

/** Comes to the site with nothing, and then again. */
async function arriveTwice({ stage }: GroupContext): Promise<[Arrival, Arrival]> {
  const visitor = await stage.visit({ name: "newcomer", prepare: ({ page }) => watchArrival(page) });
  const cold = await arrival(visitor.page);
  await visitor.leave();
  const again = await visitor.context.newPage();
  await watchArrival(again);
  await again.goto(stage.site.url);
  const warm = await arrival(again);
  await stage.dismiss(visitor);
  return [cold, warm];
}

/** The figures of a page that times its own start. */
export async function arrival(page: Page): Promise<Arrival> {
  await page.waitForFunction(() => window.arrival !== undefined);
  return page.evaluate(() => window.arrival!);
}

/** Makes a page time its own start: it asks the guide as soon as there is a grid. */
export async function watchArrival(page: SitePage["page"]): Promise<void> {
  await page.addInitScript((generation) => {
    if (window.top !== window) return;
    let frameMs = NaN;
    const look = (): void => {
      const painted = document.querySelector("microgrid-app")?.shadowRoot?.querySelector("main");
      if (painted) frameMs = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    const ask = async (grid: NonNullable<Window["microgrid"]>): Promise<Arrival> => {
      await grid.models.load("guide");
      for await (const event of grid.answer({ generation, provider: "local" })) {
        if (event.type !== "token") continue;
        const firstTokenMs = performance.now();
        const resources = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
        const scripts = resources
          .filter(({ name, startTime }) => new URL(name).pathname.endsWith(".js") && startTime < frameMs)
          .map(({ name, encodedBodySize }) => ({ url: new URL(name).pathname, bytes: encodedBodySize }));
        const paint = performance.getEntriesByName("first-contentful-paint")[0];
        return { paintMs: paint?.startTime ?? NaN, frameMs, firstTokenMs, scripts };
      }
      throw new Error("The guide said nothing.");
    };
    let running: Window["microgrid"];
    Object.defineProperty(window, "microgrid", {
      get: () => running,
      set: (grid: NonNullable<Window["microgrid"]>) => {
        running = grid;
        window.arrival = ask(grid);
      },
    });
  }, greedy("Hello!"));
}
