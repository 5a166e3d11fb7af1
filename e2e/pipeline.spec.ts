/** The guide model over several browsers, on real WebRTC: its golden completions, and what happens when some are lost. */
import golden from "./fixtures/golden.json" with { type: "json" };
import { expect, type OpenOptions, type SitePage, test } from "./harness";
import { serveBarePage } from "./models-page/site";
import type { PipelinePage } from "./pipeline-page/main";

type BareSite = Awaited<ReturnType<typeof serveBarePage>>;

declare global {
  interface Window {
    pipeline: PipelinePage;
  }
}

const STORY = golden.items.reduce((a, b) => (b.completion_ids.length > a.completion_ids.length ? b : a));
const WHOLE = STORY.completion_ids.slice(0, -1);

let site: BareSite;
test.beforeAll(async () => {
  site = await serveBarePage("pipeline-page", 5760);
});
test.afterAll(() => site.stop());

/** Nodes of one room that are all linked to each other; the first has founded it. */
async function room(
  openSite: (options?: OpenOptions) => Promise<SitePage>,
  server: string,
  count: number,
): Promise<SitePage[]> {
  const pages: SitePage[] = [];
  for (let index = 0; index < count; index++) {
    // Those that hold stages have a browser of their own, so that it can be killed.
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

/** Stages that are lost in the middle of an answer, by their place in the ring. */
const LOSSES = [
  { what: "the first of two stages is killed", lost: [0], how: "kill" },
  { what: "the last of two stages is killed", lost: [1], how: "kill" },
  { what: "both stages are killed at once", lost: [0, 1], how: "kill" },
  { what: "a stage freezes", lost: [1], how: "freeze" },
] as const;

for (const { what, lost, how } of LOSSES) {
  test(`${what} in the middle of an answer, and not a word is lost`, async ({ openSite, signaling }) => {
    const pages = await room(openSite, serverOf(signaling), 5);
    const [a, b, ...spare] = await Promise.all(pages.slice(1).map(didOf));
    const consumer = pages[0]!;
    await consumer.page.evaluate(([stages, others]) => window.pipeline.form(stages, { spare: others }), [
      [
        [a!, 0, 3],
        [b!, 3, 6],
      ],
      spare,
    ] as const);
    const answering = answer(consumer);
    await consumer.page.waitForFunction(() => window.pipeline.progress > 10);
    await Promise.all(lost.map((index) => pages[index + 1]![how]()));
    const { ids, error } = await answering;
    expect(error).toBeUndefined();
    expect(ids).toEqual(WHOLE);
    const stages = () => consumer.page.evaluate(() => window.pipeline.stages().map(({ did }) => did));
    const gone = lost.map((index) => [a, b][index]);
    await expect.poll(async () => (await stages()).filter((did) => gone.includes(did))).toEqual([]);
  });
}

test("two people are answered at once by one pipeline, and it is freed when its consumer is gone", async ({
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
