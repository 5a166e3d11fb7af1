/** Data of an older version are brought up to date; data of a newer one are not touched. */
import { expect, gridReady, type SitePage, test } from "./harness";
import { serveBarePage } from "./harness/bare-pages";
import { ChatPage } from "./pages";

const NEWER = "A newer version of Microgrid has stored data in this browser";

test("a database is brought up to date, and is closed to the version before", async ({ browsers }) => {
  const site = await serveBarePage("database-page");
  const context = await (await browsers.shared({ webgpu: false })).newContext();
  const [older, newer] = [await context.newPage(), await context.newPage()];
  await Promise.all([older.goto(site.url), newer.goto(site.url)]);
  const first = "written by the first version";
  expect(await older.evaluate(() => window.database.open(1))).toEqual([first]);
  // The older page still has it open, and gives way.
  expect(await newer.evaluate(() => window.database.open(2))).toEqual(["green", first]);
  expect(await older.evaluate(() => window.database.open(1))).toEqual(["data-newer"]);
  expect(await newer.evaluate(() => window.database.open(2))).toEqual(["green", first]);
  await context.close();
  await site.close();
});

/** All that the browser has stored for the site, as text. */
async function stored({ page }: SitePage): Promise<string> {
  return page.evaluate(async () => {
    const asks = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error!);
      });
    const content: unknown[] = Object.entries(localStorage);
    for (const { name } of await indexedDB.databases()) {
      const database = await asks(indexedDB.open(name!));
      for (const store of Array.from(database.objectStoreNames)) {
        content.push(name, database.version, await asks(database.transaction(store).objectStore(store).getAll()));
      }
      database.close();
    }
    return JSON.stringify(content);
  });
}

for (const database of ["microgrid-conversations", "microgrid-models", "microgrid-identity", "microgrid-rooms"]) {
  test(`a page does not touch the data of a newer version: ${database}`, async ({ openSite, site }) => {
    const page = await openSite({ expectProblems: [NEWER, "favicon.ico"] });
    const chat = new ChatPage(page.page);
    await chat.ready();
    await chat.chat("Hello!");
    // A page that opens no database, so that a newer version can change one.
    await page.page.goto(`${site.url}theme.js`);
    await page.page.evaluate(
      (name) =>
        new Promise<void>((resolve, reject) => {
          const opening = indexedDB.open(name, 99);
          opening.onsuccess = () => {
            opening.result.close();
            resolve();
          };
          opening.onerror = () => reject(opening.error!);
        }),
      database,
    );
    const before = await stored(page);
    await page.page.goto(site.url);
    await expect(page.page.getByText(NEWER)).toBeVisible();
    await page.page.goto(`${site.url}theme.js`);
    expect(await stored(page)).toBe(before);
  });
}

test("a page does not touch settings and models of a newer version", async ({ openSite, site }) => {
  const page = await openSite({ expectProblems: [NEWER, "favicon.ico"] });
  await gridReady(page);
  await page.page.evaluate(() => localStorage.setItem("microgrid.format", "2"));
  await page.page.goto(`${site.url}theme.js`);
  const before = await stored(page);
  await page.page.goto(site.url);
  await expect(page.page.getByText(NEWER)).toBeVisible();
  await page.page.goto(`${site.url}theme.js`);
  expect(await stored(page)).toBe(before);
});
