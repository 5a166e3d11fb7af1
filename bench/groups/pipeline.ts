/** The guide model over 1 to 4 pages against the same model in one piece, in the same page and run. */
import type { BrowserContext, Page } from "@playwright/test";
import type { PipelinePage } from "../../e2e/pipeline-page/main";
import { serveBarePage } from "../../e2e/models-page/site";
import type { Group } from "../group";
import type { Line } from "../line";
import { type Spread, pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";

/** Its answer is the guide's longest, 124 tokens. */
const STORY = [{ role: "user", content: "Tell me a story about a robot" }] as const;
const ROUNDS = 9;
const LAYERS = 6;
const STAGES = [1, 2, 3, 4];
/** Stages and answers of the line on several at once. */
const SHARED_STAGES = 3;
const AT_ONCE = 4;

declare global {
  interface Window {
    pipeline: PipelinePage;
  }
}

const LOCAL =
  "All pages are on one machine and share its cores; a sequence is computed by one of them at a time. The consumer has " +
  "embedding and head, all layers are elsewhere. No tokens are guessed unless the line says so.";
const COST =
  "What a token takes longer than in one piece, divided by the number of stages: threads, encoding, two message ports and " +
  "a data channel. The computing is the same on both sides.";

export const pipeline: Group = async ({ stage, times, say }) => {
  const site = await serveBarePage("pipeline-page", 5750);
  const browser = await stage.browser();
  const contexts: BrowserContext[] = [];
  const open = async (): Promise<Page> => {
    const context = await browser.newContext();
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(site.url);
    await page.waitForFunction(() => "pipeline" in window);
    return page;
  };
  try {
    const consumer = await open();
    const invite = await consumer.evaluate((server) => window.pipeline.found(server), stage.signalingUrl);
    const dids: string[] = [];
    for (const count of STAGES) {
      const page = await open();
      await page.evaluate((link) => window.pipeline.join(link), invite);
      await page.waitForFunction((peers) => window.pipeline.peers().length === peers, count);
      dids.push(await page.evaluate(() => window.pipeline.did));
    }
    await consumer.evaluate(() => window.pipeline.loadWhole());
    const form = (count: number, maxDraft: number): Promise<void> =>
      consumer.evaluate(([stages, draft]) => window.pipeline.form(stages, { maxDraft: draft }), [
        dids.slice(0, count).map((did, i) => [did, share(i, count), share(i + 1, count)] as const),
        maxDraft,
      ] as const);
    const close = (): Promise<void> => consumer.evaluate(() => window.pipeline.close());
    const ask = async (model: "guide" | "whole"): Promise<number> =>
      msPerToken(
        await consumer.evaluate(([m, messages]) => window.pipeline.answer(messages, m), [model, STORY] as const),
      );

    const lines: Line[] = [];
    for (const count of STAGES) {
      await form(count, 0);
      const { a, b } = await inTurns(
        times(ROUNDS),
        () => ask("guide"),
        () => ask("whole"),
      );
      lines.push(...linesOf(count, a, b));
      await close();
      say(`${count} of ${STAGES.length} stages are measured`);
    }
    lines.push(await several(consumer, times(ROUNDS), () => form(SHARED_STAGES, 0)));
    return lines;
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
    await site.stop();
  }
};

function linesOf(count: number, piped: readonly number[], whole: readonly number[]): Line[] {
  const name = `${count} ${count === 1 ? "stage" : "stages"}`;
  const costs = piped.map((ms, i) => (ms - whole[i]!) / count);
  return [
    {
      name: `${name}: decode`,
      unit: "tokens/s",
      measured: rates(piped),
      other: { name: "in one piece", unit: "tokens/s", value: rates(whole) },
      ratio: pairedRatio(whole, piped),
      notes: [LOCAL],
    },
    {
      name: `${name}: cost of a stage above its own computing`,
      unit: "ms",
      measured: spread(costs),
      target: { of: "median", at: "most", value: 2 },
      notes: [LOCAL, COST],
    },
  ];
}

/** Several answers at once against one after the other. */
async function several(consumer: Page, rounds: number, form: () => Promise<void>): Promise<Line> {
  await form();
  const together = (count: number): Promise<number> =>
    consumer.evaluate(
      async ([messages, answers]) => {
        const start = performance.now();
        const all = await Promise.all(Array.from({ length: answers }, () => window.pipeline.answer(messages)));
        return (1000 * all.flatMap(({ ids }) => ids).length) / (performance.now() - start);
      },
      [STORY, count] as const,
    );
  const { a, b } = await inTurns(
    rounds,
    () => together(AT_ONCE),
    () => together(1),
  );
  return {
    name: `${AT_ONCE} answers at once over ${SHARED_STAGES} stages`,
    unit: "tokens/s",
    measured: spread(a),
    other: { name: "one", unit: "tokens/s", value: spread(b) },
    ratio: pairedRatio(a, b),
    notes: [
      LOCAL,
      "Prompts are counted too. Where the stages share two cores, this cannot reach the number of stages.",
    ],
  };
}

function share(index: number, count: number): number {
  return Math.round((LAYERS * index) / count);
}

/** Between the first and the last token. */
function msPerToken({ ids, times, error }: Awaited<ReturnType<PipelinePage["answer"]>>): number {
  if (error) throw new Error(error.message);
  return (times.at(-1)! - times[0]!) / (ids.length - 1);
}

function rates(ms: readonly number[]): Spread {
  return spread(ms.map((each) => 1000 / each));
}
