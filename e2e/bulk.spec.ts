/** Members of a room give each other weights, over real WebRTC. */
import { type SitePage, type WebServer, expect, test } from "./harness";
import { serveBarePage } from "./harness/bare-pages";
import type { RoomPage } from "./room-page/main";

declare global {
  interface Window {
    room: RoomPage;
  }
}

const MIB = 2 ** 20;
let site: WebServer;
test.beforeAll(async () => {
  site = await serveBarePage("room-page");
});
test.afterAll(() => site.close());

test("a member gets exactly the weights that it requests, and learns when the other side is gone", async ({
  openSite,
  signaling,
}) => {
  const pages: SitePage[] = [];
  for (const name of ["giver", "taker"]) pages.push(await openSite({ name, url: site.url, ownProcess: true }));
  const [giver, taker] = pages as [SitePage, SitePage];
  for (const { page } of pages) await page.waitForFunction(() => "room" in window);
  const invite = await giver.page.evaluate(
    (url) => window.room.found(url),
    `http://127.0.0.1:${signaling.port}/microgrid`,
  );
  await taker.page.evaluate((url) => window.room.join(url, 2), invite);
  await giver.page.evaluate((bytes) => window.room.give(bytes), 20 * MIB);

  const takes = (ranges: readonly (readonly [number, number])[]) =>
    taker.page.evaluate((all) => Promise.all(all.map(([at, length]) => window.room.take(at, length))), ranges);
  // Ranges longer than one request may be, several at once.
  for (const { right } of await takes([[3, 18 * MIB]])) expect(right).toBe(true);
  for (const { right } of await takes([
    [0, 1],
    [MIB + 1, 2 * MIB],
    [19 * MIB, MIB],
  ])) {
    expect(right).toBe(true);
  }

  const lost = taker.page.evaluate(async () => {
    for (;;) await window.room.take(0, 2 ** 20);
  });
  lost.catch(() => undefined);
  await giver.kill();
  await expect(lost).rejects.toThrow(/The device that gives the model's layers is gone/);
});
