/** Forms and closes pipelines many times in the same two browsers, and checks that nothing stays in memory. */
import { readFileSync } from "node:fs";
import type { CDPSession } from "@playwright/test";
import golden from "./fixtures/golden.json" with { type: "json" };
import { deferred } from "../src/core";
import { expect, type SitePage, test, type WebServer } from "./harness";
import { serveBarePage } from "./harness/bare-pages";
import { didOf, meet } from "./pipeline-page/meet";

const ROUNDS = 50;
/** Rounds before the first measurement, so that everything that is created once exists. */
const SETTLED = 10;
const TOKENS = 3;
const ITEM = golden.items[0]!;
/**
 * Allowed growth over the other rounds, of the heaps of a page and its workers, and of all memory of its browser's
 * renderers. A leaked stage would be 10 MB of weights in each round; without leaks, 0.5 and 12 MB were seen.
 */
const MAX_HEAP_GROWTH_BYTES = 4 * 2 ** 20;
const MAX_RESIDENT_GROWTH_BYTES = 40 * 2 ** 20;

let site: WebServer;
test.beforeAll(async () => {
  site = await serveBarePage("pipeline-page");
});
test.afterAll(() => site.close());

interface Memory {
  /** Bytes that the page and its workers can reach. */
  readonly heap: number;
  /** Resident bytes of the browser's renderers, including WebAssembly; 0 if the system does not tell. */
  readonly resident: number;
}

async function memoryOf({ page, context }: SitePage): Promise<Memory> {
  const session = await context.newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const workers = await workerHeaps(session, page.workers().length);
  await session.detach();
  const browser = await context.browser()!.newBrowserCDPSession();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  await browser.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const resident = process.platform === "linux" ? renderers.map(({ id }) => residentBytes(id)) : [];
  return { heap: sum([usedSize, ...workers]), resident: sum(resident) };
}

/** Bytes that each worker can reach. The page relays the requests, because workers have no session of their own. */
async function workerHeaps(session: CDPSession, count: number): Promise<number[]> {
  const heaps: number[] = [];
  const { promise: complete, resolve } = deferred<undefined>();
  session.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { result } = JSON.parse(message) as { readonly result?: { readonly usedSize?: number } };
    if (result?.usedSize !== undefined) heaps.push(result.usedSize);
    if (heaps.length === count) resolve(undefined);
  });
  session.on("Target.attachedToTarget", ({ sessionId }) => {
    for (const [id, method] of ["HeapProfiler.collectGarbage", "Runtime.getHeapUsage"].entries()) {
      void session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
    }
  });
  await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  await complete;
  return heaps;
}

function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

/** Forms a pipeline, asks it, and closes it, `count` times. */
function rounds(consumer: SitePage, holder: string, count: number): Promise<readonly (readonly number[])[]> {
  return consumer.page.evaluate(
    async ([did, messages, times, tokens]) => {
      const answers: (readonly number[])[] = [];
      for (let round = 0; round < times; round++) {
        await window.pipeline.form([[did, 1, 5]]);
        const { ids, error } = await window.pipeline.answer(messages as never, "guide", tokens);
        if (error) throw new Error(error.message);
        answers.push(ids);
        await window.pipeline.close();
      }
      return answers;
    },
    [holder, ITEM.messages, count, TOKENS] as const,
  );
}

test(`${ROUNDS} pipelines are formed and closed, and nothing stays in memory`, async ({ openSite, signaling }) => {
  const own = { url: site.url, ownProcess: true };
  const pages = await meet(openSite, signaling, [own, own]);
  const [consumer, holder] = pages as [SitePage, SitePage];
  // A model that stays loaded keeps the engine workers alive, because they could leak as well.
  for (const { page } of pages) await page.evaluate(() => window.pipeline.loadWhole());
  const expected = ITEM.completion_ids.slice(0, TOKENS);
  const did = await didOf(holder);
  expect(await rounds(consumer, did, SETTLED)).toEqual(new Array(SETTLED).fill(expected));
  const before = await Promise.all(pages.map(memoryOf));
  const left = ROUNDS - SETTLED;
  expect(await rounds(consumer, did, left)).toEqual(new Array(left).fill(expected));
  for (const [index, page] of pages.entries()) {
    const { heap, resident } = before[index]!;
    // Objects that finalizers still hold are freed by the second collection.
    const within = async (): Promise<boolean> => {
      const now = await memoryOf(page);
      return now.heap - heap < MAX_HEAP_GROWTH_BYTES && now.resident - resident < MAX_RESIDENT_GROWTH_BYTES;
    };
    await expect.poll(within).toBe(true);
  }
  await expect.poll(() => holder.page.evaluate(() => window.pipeline.holds())).toBe(0);
  for (const { page } of pages) {
    expect(page.workers().filter((worker) => worker.url().includes("/gpu-"))).toHaveLength(1);
  }
});
