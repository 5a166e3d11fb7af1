/** Waits for the state of a room, as one of its pages sees it. */
import type { SitePage } from "../e2e/harness/site-page";

/** Waits until a page sees exactly `count` peers that offer something. */
export async function offering({ page }: SitePage, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const peers = window.microgrid?.state.room?.peers ?? [];
      return peers.filter(({ offers }) => offers.length > 0).length === wanted;
    },
    count,
    { timeout: 60_000, polling: 50 },
  );
}

/** Round trip to the first peer, ms, as the link's own pings measure it. */
export async function rttTo({ page }: SitePage): Promise<number> {
  return page.evaluate(() => window.microgrid?.state.room?.peers[0]?.rttMs ?? NaN);
}
