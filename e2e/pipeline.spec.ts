/** The guide model over several browsers, on real WebRTC: its golden completions, and lost browsers. */
import { expect, type OpenOptions, type SitePage, STORY, test, type WebServer } from "./harness";
import { serveBarePage } from "./harness/bare-pages";
import type { PipelinePage } from "./pipeline-page/main";

declare global {
  interface Window {
    pipeline: PipelinePage;
  }
}

const WHOLE = STORY.completion_ids.slice(0, -1);

let site: WebServer;
test.beforeAll(async () => {
  site = await serveBarePage("pipeline-page");
});
test.afterAll(() => site.close());

/** Nodes of one room that are all linked to each other; the first has founded it. */
async function room(
  openSite: (options?: OpenOptions) => Promise<SitePage>,
  server: string,
  count: number,
): Promise<SitePage[]> {
  const pages: SitePage[] = [];
  for (let index = 0; index < count; index++) {
    // The pages that hold stages have their own browsers, so that these can be killed.
    pages.push(await openSite({ name: `node-${index}`, url: site.url, ownProcess: index > 0 }));
  }
  const [first, ...others] = pages;
  for (const { page } of pages) await page.waitForFunction(() => "pipeline" in window);
  const invite = await first!.page.evaluate((url) => window.pipeline.found(url), server);
  for (const { page } of others) await page.evaluate((url) => window.pipeline.join(url), invite);
  for (const { page } of pages) {
    await expect.poll(() => page.evaluate(() => window.pipeline.peers().length)).toBe(count - 1);
  }
  return pages;
}

const serverOf = ({ port }: { readonly port: number }) => `http://127.0.0.1:${port}/microgrid`;
const didOf = ({ page }: SitePage) => page.evaluate(() => window.pipeline.did);
const answer = ({ page }: SitePage) =>
  page.evaluate((messages) => window.pipeline.answer(messages as never), STORY.messages);

test("three browsers answer as one, word for word", async ({ openSite, signaling }) => {
  const pages = await room(openSite, serverOf(signaling), 3);
  const [a, b] = [await didOf(pages[1]!), await didOf(pages[2]!)];
  await pages[0]!.page.evaluate((stages) => window.pipeline.form(stages), [
    [a, 1, 3],
    [b, 3, 6],
  ] as const);
  const { ids, error } = await answer(pages[0]!);
  expect(error).toBeUndefined();
  expect(ids).toEqual(WHOLE);
  await pages[0]!.page.evaluate(() => window.pipeline.close());
  for (const { page } of pages.slice(1)) {
    await expect.poll(() => page.evaluate(() => window.pipeline.holds())).toBe(0);
  }
});

/** Everything that can happen to a stage. */
const HAPPENINGS = {
  kill: (site: SitePage) => site.kill(),
  freeze: (site: SitePage) => site.freeze(),
  deaf: ({ page }: SitePage) => page.evaluate(() => window.pipeline.fail("deaf")),
  stuck: ({ page }: SitePage) => page.evaluate(() => window.pipeline.fail("stuck")),
  late: ({ page }: SitePage) => page.evaluate(() => window.pipeline.fail("late")),
  nan: ({ page }: SitePage) => page.evaluate(() => window.pipeline.fail("nan")),
  short: ({ page }: SitePage) => page.evaluate(() => window.pipeline.fail("short")),
  leave: ({ page }: SitePage) => page.evaluate(() => window.pipeline.handOver()),
} as const;

/** Stages that are lost in the middle of an answer: their places in a ring of `of` stages, and how they are lost. */
const LOSSES = [
  { what: "the first of three stages is killed", of: 3, lost: [0], how: "kill" },
  { what: "the second of three stages is killed", of: 3, lost: [1], how: "kill" },
  { what: "the last of three stages is killed", of: 3, lost: [2], how: "kill" },
  { what: "both of two stages are killed at once", of: 2, lost: [0, 1], how: "kill" },
  { what: "a stage freezes", of: 3, lost: [1], how: "freeze" },
  { what: "a stage stays linked and answers nothing", of: 3, lost: [1], how: "deaf" },
  { what: "the model of a stage hangs", of: 3, lost: [2], how: "stuck" },
  { what: "a stage passes on a step long after it was replaced", of: 3, lost: [1], how: "late" },
  { what: "a stage gives NaN instead of numbers", of: 3, lost: [0], how: "nan" },
  { what: "a stage gives too few numbers", of: 3, lost: [2], how: "short" },
  { what: "a stage hands over and leaves", of: 3, lost: [0], how: "leave" },
] as const;

for (const { what, of, lost, how } of LOSSES) {
  test(`${what} in the middle of an answer, and no word is lost`, async ({ openSite, signaling }) => {
    const pages = await room(openSite, serverOf(signaling), 5);
    const dids = await Promise.all(pages.slice(1).map(didOf));
    const consumer = pages[0]!;
    const layers = 6 / of;
    const ring = dids.slice(0, of).map((did, index) => [did, index * layers, (index + 1) * layers] as const);
    await consumer.page.evaluate(([stages, spare]) => window.pipeline.form(stages, { spare }), [
      ring,
      dids.slice(of),
    ] as const);
    const answering = answer(consumer);
    await consumer.page.waitForFunction(() => window.pipeline.progress > 10);
    await Promise.all(lost.map((index) => HAPPENINGS[how](pages[index + 1]!)));
    const { ids, error } = await answering;
    expect(error).toBeUndefined();
    expect(ids).toEqual(WHOLE);
    const gone: readonly (string | undefined)[] = lost.map((index) => dids[index]);
    const stages = () => consumer.page.evaluate(() => window.pipeline.stages().map(({ did }) => did));
    await expect.poll(async () => (await stages()).filter((did) => gone.includes(did))).toEqual([]);
    if (how === "leave") expect(await pages[1]!.page.evaluate(() => window.pipeline.holds())).toBe(0);
    // The ring works as before.
    expect((await answer(consumer)).ids).toEqual(WHOLE);
  });
}

test("one pipeline answers two requests at once, and is freed when its consumer is gone", async ({
  openSite,
  signaling,
}) => {
  const pages = await room(openSite, serverOf(signaling), 3);
  const [a, b] = await Promise.all(pages.slice(1).map(didOf));
  const [consumer, ...others] = pages;
  await consumer!.page.evaluate((stages) => window.pipeline.form(stages), [
    [a!, 1, 3],
    [b!, 3, 5],
  ] as const);
  const answers = await Promise.all([answer(consumer!), answer(consumer!)]);
  for (const { ids, error } of answers) {
    expect(error).toBeUndefined();
    expect(ids).toEqual(WHOLE);
  }
  await consumer!.page.close();
  for (const { page } of others) await expect.poll(() => page.evaluate(() => window.pipeline.holds())).toBe(0);
});
