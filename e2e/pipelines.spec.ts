/** Pipelines through the public API: plan, form, ask, repair and close. */
import {
  answerReaches,
  ask,
  expect,
  expectLoss,
  finishedAnswer,
  gridReady,
  joinRoom,
  layersRoom,
  loadModel,
  QUESTION,
  roomOf,
  routesOf,
  type SitePage,
  slowEngine,
  startAnswer,
  stateOf,
  STORY,
  test,
  visitor,
} from "./harness";
import type { PlanOptions } from "../src/grid";

const PIPED = { text: QUESTION, provider: "pipeline" } as const;

const didOf = async (site: SitePage): Promise<string> => (await stateOf(site)).node.did;

/** Forms a pipeline for the guide over these nodes and returns its plan. */
async function form({ page }: SitePage, options: PlanOptions) {
  return page.evaluate(async (wanted) => {
    const { pipelines } = window.microgrid!;
    const plan = await pipelines.plan("guide", wanted);
    await pipelines.open(plan);
    return plan;
  }, options);
}

const close = ({ page }: SitePage): Promise<void> =>
  page.evaluate(async () => {
    for (const pipeline of window.microgrid!.pipelines.list()) await pipeline.close();
  });

const held = async (site: SitePage): Promise<number> => (await roomOf(site)).holding.length;

test("two devices hold a model's layers for a third, which answers word for word, and free them in the end", async ({
  openSite,
}) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 2);
  const dids = await Promise.all(helpers.map(didOf));
  const plan = await form(consumer, { stages: 2, nodes: dids });
  expect(plan.missing).toBeUndefined();
  expect(plan.stages.map(({ peer }) => peer).sort()).toEqual([...dids].sort());
  expect(plan.stages[0]!.from).toBe(0);
  expect(plan.stages.at(-1)!.to).toBe(plan.layers);
  expect(plan.msPerToken).toBeGreaterThan(0);
  for (const helper of helpers) await expect.poll(() => held(helper)).toBe(1);

  const answer = await ask(consumer, PIPED);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect(routesOf(answer)[0]!.provider).toMatchObject({ kind: "pipeline", name: "3 devices together" });
  // If the model is ready nowhere else, the pipeline answers without an explicit request.
  expect((await ask(consumer, QUESTION)).text).toBe(STORY.completion);

  await close(consumer);
  for (const helper of helpers) await expect.poll(() => held(helper)).toBe(0);
  await expect.poll(async () => (await stateOf(consumer)).pipelines).toEqual([]);
});

test("a request that asks for a pipeline forms one", async ({ openSite }) => {
  const [consumer] = await layersRoom(openSite, 1);
  const answer = await ask(consumer, PIPED);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect((await stateOf(consumer)).pipelines).toHaveLength(1);
});

test("a device holds layers only after its user agreed, and the user sees the request", async ({ openSite }) => {
  const [consumer] = await layersRoom(openSite, 0);
  const other = await openSite({ name: "other" });
  await gridReady(other);
  await joinRoom(other, (await roomOf(consumer)).invite);
  await expect.poll(async () => (await roomOf(consumer)).peers.length).toBe(1);
  const did = await didOf(other);
  const plan = () =>
    consumer.page.evaluate((nodes) => window.microgrid!.pipelines.plan("guide", { nodes }), [did] as const);
  const refused = await plan();
  expect(refused.missing?.text).toMatch(/more of memory are needed/);
  expect(refused.leftOut).toEqual([expect.objectContaining({ peer: did, why: "consent" })]);
  await expect.poll(async () => (await roomOf(other)).layersWanted.map(({ model }) => model)).toEqual(["guide"]);
  await other.page.evaluate(() => window.microgrid!.rooms.current!.share({ layers: true, models: [] }));
  await expect.poll(async () => (await roomOf(other)).layersWanted).toEqual([]);
  expect((await plan()).missing).toBeUndefined();
  await form(consumer, { nodes: [did] });
  expect(await held(other)).toBe(1);
  // After the consent is withdrawn, it holds nothing, and is not asked again.
  await other.page.evaluate(() => window.microgrid!.rooms.current!.share({ layers: false }));
  await expect.poll(() => held(other)).toBe(0);
  expect((await plan()).leftOut).toEqual([expect.objectContaining({ peer: did, why: "consent" })]);
  expect((await roomOf(other)).layersWanted).toEqual([]);
});

test("a device that is killed is replaced in the middle of an answer, and by the consumer itself if no other is left", async ({
  openSite,
}) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 2, slowEngine);
  const dids = await Promise.all(helpers.map(didOf));
  await form(consumer, { stages: 2, nodes: ["self", ...dids] });
  for (let left = 2; left > 0; left--) {
    const holders = (await stateOf(consumer)).pipelines[0]!.stages.map(({ peer }) => peer);
    const did = dids.find((each) => holders.includes(each))!;
    const victim = helpers[dids.indexOf(did)]!;
    await startAnswer(consumer, PIPED);
    await answerReaches(consumer, 10);
    await victim.kill();
    const answer = await finishedAnswer(consumer);
    expect(answer.error).toBeUndefined();
    expect(answer.text).toBe(STORY.completion);
    await expect
      .poll(async () => {
        const { pipelines } = await stateOf(consumer);
        return pipelines.map(({ status, stages }) => ({ status, lost: stages.some(({ peer }) => peer === did) }));
      })
      .toEqual([{ status: "ready", lost: false }]);
  }
  const { pipelines } = await stateOf(consumer);
  expect(pipelines[0]!.stages.map(({ peer }) => peer)).toEqual(["self"]);
});

test("an answer goes on without the pipeline when its only other device is killed", async ({ openSite }) => {
  const [consumer, helper] = await layersRoom(openSite, 1, slowEngine);
  await form(consumer, { nodes: [await didOf(helper!)] });
  await startAnswer(consumer, { text: QUESTION });
  await answerReaches(consumer, 10);
  await helper!.kill();
  await expectLoss(consumer, "stage");
  await loadModel(consumer);
  const answer = await finishedAnswer(consumer);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect(routesOf(answer).at(-1)!.provider.kind).toBe("local");
});

test("a device that leaves hands over its layers first, and the answer continues", async ({ openSite }) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 2, slowEngine);
  const dids = await Promise.all(helpers.map(didOf));
  const plan = await form(consumer, { stages: 1, nodes: dids });
  const leaver = helpers[dids.indexOf(plan.stages[0]!.peer)]!;
  const heir = helpers.find((helper) => helper !== leaver)!;
  await startAnswer(consumer, PIPED);
  await answerReaches(consumer, 10);
  await leaver.page.evaluate(() => window.microgrid!.rooms.current!.leave());
  await expect.poll(() => held(heir)).toBe(1);
  const answer = await finishedAnswer(consumer);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect(routesOf(answer)).toHaveLength(1);
});

test("a pipeline answers others in the room at the same time as its owner", async ({ openSite }) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 2);
  const dids = await Promise.all(helpers.map(didOf));
  await form(consumer, { stages: 2, nodes: dids, answers: 4 });
  await consumer.page.evaluate(() => window.microgrid!.rooms.current!.share({ maxJobs: 4 }));
  const guest = await visitor(openSite, { name: "guest" });
  await joinRoom(guest, (await roomOf(consumer)).invite);
  await expect
    .poll(async () => (await roomOf(guest)).peers.flatMap(({ offers }) => offers.map(({ devices }) => devices)))
    .toEqual([3]);
  await startAnswer(consumer, PIPED, "own");
  await startAnswer(guest, { text: QUESTION }, "one");
  await startAnswer(guest, { text: QUESTION }, "two");
  const answers = await Promise.all([
    finishedAnswer(consumer, "own"),
    finishedAnswer(guest, "one"),
    finishedAnswer(guest, "two"),
  ]);
  for (const { text, error } of answers) {
    expect(error).toBeUndefined();
    expect(text).toBe(STORY.completion);
  }
});

test("a pipeline is formed again after its owner reloads the page", async ({ openSite }) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 1);
  const nodes = await Promise.all(helpers.map(didOf));
  await form(consumer, { nodes });
  await consumer.page.reload();
  await gridReady(consumer);
  await expect
    .poll(async () => (await stateOf(consumer)).pipelines.map(({ model, status }) => ({ model, status })))
    .toEqual([{ model: "guide", status: "ready" }]);
  expect((await ask(consumer, PIPED)).text).toBe(STORY.completion);
});

test("all devices respect a charter that does not allow the model", async ({ openSite }) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 1);
  const nodes = await Promise.all(helpers.map(didOf));
  await form(consumer, { nodes });
  await consumer.page.evaluate(() => window.microgrid!.rooms.current!.amend({ models: ["another"] }));
  await expect.poll(async () => (await roomOf(helpers[0]!)).charter?.models).toEqual(["another"]);
  await expect.poll(async () => (await stateOf(consumer)).pipelines).toEqual([]);
  await expect.poll(() => held(helpers[0]!)).toBe(0);
  const planning = consumer.page.evaluate((wanted) => window.microgrid!.pipelines.plan("guide", wanted), { nodes });
  await expect(planning).rejects.toThrow(/rules do not allow this model/);
});

test("a tab that is attached to the node uses pipelines like the first one", async ({ openSite }) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 1);
  const nodes = await Promise.all(helpers.map(didOf));
  const tab = await consumer.openTab();
  await gridReady(tab);
  await form(tab, { nodes });
  expect((await ask(tab, PIPED)).text).toBe(STORY.completion);
  await close(tab);
  await expect.poll(async () => (await stateOf(consumer)).pipelines).toEqual([]);
});
