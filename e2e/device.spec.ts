/** Failures of the device during an answer: lost WebGPU, crashed workers, prompts that do not fit. */
import golden from "./fixtures/golden.json" with { type: "json" };
import {
  answerReaches,
  ask,
  expect,
  finishedAnswer,
  gridReady,
  loadModel,
  routesOf,
  slowEngine,
  startAnswer,
  stateOf,
  STORY,
  test,
  withoutModel,
  visitorWithModel,
} from "./harness";

const GREETING = golden.items[0]!;

test("WebGPU that is lost in the middle of an answer is restored, and the answer goes on", async ({ openSite }) => {
  test.slow();
  const site = await openSite({ webgpu: true, expectProblems: [/device|destroyed|lost|GPU|OrtRun|mapAsync/i] });
  await gridReady(site);
  await withoutModel(site);
  await loadModel(site, "guide", { backend: "webgpu" });
  await startAnswer(site, { text: GREETING.messages[0]!.content });
  await answerReaches(site, 3);
  const lost = await site.page.evaluate(() =>
    (window.microgrid as unknown as { simulateDeviceLoss(): Promise<boolean> }).simulateDeviceLoss(),
  );
  expect(lost).toBe(true);
  const answer = await finishedAnswer(site);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(GREETING.completion);
  expect(routesOf(answer).map(({ offer, exact }) => [offer.backend, exact])).toEqual([
    ["webgpu", true],
    ["webgpu", true],
  ]);
  expect(routesOf(answer)[1]?.why[0]).toMatch(/lost/);
});

test("an engine worker that dies is started again, and the answer goes on", async ({ openSite }) => {
  const site = await openSite({
    prepare: async (opened) => {
      await slowEngine(opened);
      // The test can kill the worker only if it keeps a reference from the moment of its creation.
      await opened.page.addInitScript(() => {
        const made: Worker[] = [];
        const Original = Worker;
        window.Worker = class extends Original {
          constructor(url: string | URL, options?: WorkerOptions) {
            super(url, options);
            if (options?.name === "microgrid-gpu") made.push(this);
          }
        };
        Object.assign(window, { engines: made });
      });
    },
  });
  await gridReady(site);
  await loadModel(site);
  await startAnswer(site, { text: STORY.messages.at(-1)!.content });
  await answerReaches(site, 10);
  await site.page.evaluate(() => (window as unknown as { engines: Worker[] }).engines.at(-1)!.terminate());
  const answer = await finishedAnswer(site);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect(routesOf(answer)).toHaveLength(2);
});

test("a prompt longer than the context is refused with both lengths, before anything is computed", async ({
  openSite,
}) => {
  const site = await visitorWithModel(openSite);
  const answer = await ask(site, "word ".repeat(2000));
  expect(answer.error?.code).toBe("context-exceeded");
  expect(answer.error?.message).toMatch(/1024/);
  expect((await stateOf(site)).loads.guide?.kind).toBe("ready");
  expect((await ask(site, GREETING.messages[0]!.content)).text).toBe(GREETING.completion);
});
