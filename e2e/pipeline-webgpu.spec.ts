/** Stages on software WebGPU, with and without others on WASM, give the guide's golden tokens. */
import golden from "./fixtures/golden.json" with { type: "json" };
import { expect, type SitePage, test, type WebServer } from "./harness";
import { serveBarePage } from "./harness/bare-pages";
import { didOf, meet } from "./pipeline-page/meet";

/** A short prompt, and one of 41 tokens, which software WebGPU computes wrongly in one call. */
const [SHORT, LONG] = [golden.items[0]!, golden.items[16]!];
/** Software WebGPU takes almost a second for each. */
const TOKENS = 2;
/** More than software WebGPU can compute at once. The parts must find that out and take smaller steps. */
const STEP_TOKENS = 48;

let site: WebServer;
test.beforeAll(async () => {
  site = await serveBarePage("pipeline-page");
});
test.afterAll(() => site.close());

const cpu = () => ({ url: `${site.url}?stepTokens=${STEP_TOKENS}` });
const gpu = () => ({ url: `${site.url}?stepTokens=${STEP_TOKENS}&backend=webgpu`, webgpu: true });

async function expectGolden({ page }: SitePage, { messages, completion_ids }: typeof LONG): Promise<void> {
  const { ids, error } = await page.evaluate(([chat, count]) => window.pipeline.answer(chat as never, "guide", count), [
    messages,
    TOKENS,
  ] as const);
  expect(error).toBeUndefined();
  expect(ids).toEqual(completion_ids.slice(0, -1).slice(0, TOKENS));
}

test("a stage on the GPU and one on the CPU give the golden tokens", async ({ openSite, signaling }) => {
  const [self, a, b] = await meet(openSite, signaling, [cpu(), gpu(), cpu()]);
  await self!.page.evaluate((stages) => window.pipeline.form(stages), [
    [await didOf(a!), 1, 3],
    [await didOf(b!), 3, 6],
  ] as const);
  await expectGolden(self!, SHORT);
  await expectGolden(self!, LONG);
});

test("both stages and both ends on the GPU give the golden tokens", async ({ openSite, signaling }) => {
  const [self, a, b] = await meet(openSite, signaling, [gpu(), gpu(), gpu()]);
  await self!.page.evaluate((stages) => window.pipeline.form(stages), [
    [await didOf(a!), 0, 3],
    [await didOf(b!), 3, 6],
  ] as const);
  await expectGolden(self!, LONG);
});
