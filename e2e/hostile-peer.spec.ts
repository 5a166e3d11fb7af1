/** One hostile member among honest ones: whatever it does, they go on answering each other, word for word. */
import {
  ask,
  expect,
  expectPeers,
  finishedAnswer,
  gridReady,
  joinRoom,
  loadModel,
  type OpenOptions,
  openRoom,
  type OpenSite,
  QUESTION,
  routesOf,
  type SitePage,
  slowEngine,
  startAnswer,
  stateOf,
  STORY,
  test,
  withoutModel,
} from "./harness";
import { hostile } from "./hostile-page/bundle";
import type { Attack, Conduct } from "./hostile-page/main";

/** An asker without a model, and an honest provider who has shown what it can do. */
async function pair(openSite: OpenSite, options: OpenOptions = {}) {
  const honest = await openSite({ name: "honest", ...options });
  await gridReady(honest);
  await loadModel(honest);
  const invite = await openRoom(honest);
  const asker = await openSite({ name: "asker" });
  await gridReady(asker);
  await withoutModel(asker);
  await joinRoom(asker, invite);
  await expectPeers(asker, 1, 1);
  const honestDid = (await stateOf(honest)).node.did;
  await expectStory(asker, honestDid);
  return { honest, asker, honestDid, invite };
}

/** A liar who offers every model at a thousand million tokens a second. */
async function liarIn(openSite: OpenSite, invite: string, asker: SitePage) {
  const liar = await openSite({ name: "liar", prepare: hostile });
  await gridReady(liar);
  await loadModel(liar);
  await joinRoom(liar, invite, {});
  await expectPeers(asker, 2, 2);
  await expectPeers(liar, 2, 1);
  return { liar, liarDid: (await stateOf(liar)).node.did };
}

async function expectStory(asker: SitePage, provider?: string): Promise<string[]> {
  const answer = await ask(asker, { text: QUESTION, ...(provider !== undefined && { provider }) });
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  return routesOf(answer).map(({ provider: { id } }) => id);
}

const conduct = ({ page }: SitePage, how: Conduct) =>
  page.evaluate((value) => void (window.hostile!.conduct = value), how);
const jobsOf = ({ page }: SitePage) => page.evaluate(() => window.hostile!.jobs);

/** Ways to treat a job after which it is moved. */
const LOST: readonly Conduct[] = ["never answers", "slow", "empty frames", "too much text", "wrong order"];

test("who never answers, is too slow or sends nonsense loses the job, and is not asked again at once", async ({
  openSite,
}) => {
  const { asker, honestDid, invite } = await pair(openSite);
  for (const how of LOST) {
    await test.step(how, async () => {
      const { liar, liarDid } = await liarIn(openSite, invite, asker);
      await conduct(liar, how);
      await startAnswer(asker, { text: QUESTION, provider: honestDid }, "meanwhile");
      expect(await expectStory(asker)).toEqual([liarDid, honestDid]);
      expect((await finishedAnswer(asker, "meanwhile")).text).toBe(STORY.completion);
      expect(await expectStory(asker)).toEqual([honestDid]);
      expect(await jobsOf(liar)).toBe(1);
      await liar.leave();
      await expectPeers(asker, 1, 1);
    });
  }
});

test("who goes on after the end changes nothing in what was answered", async ({ openSite }) => {
  const { asker, honestDid, invite } = await pair(openSite);
  const { liar, liarDid } = await liarIn(openSite, invite, asker);
  await conduct(liar, "after the end");
  expect(await expectStory(asker)).toEqual([liarDid]);
  await expectStory(asker, honestDid);
});

test("a claim of a thousand million tokens a second is believed once, and then what was measured", async ({
  openSite,
}) => {
  const { asker, honestDid, invite } = await pair(openSite);
  const { liar, liarDid } = await liarIn(openSite, invite, asker);
  await conduct(liar, "sluggish");
  expect((await expectStory(asker))[0]).toBe(liarDid);
  for (let i = 0; i < 3; i++) expect(await expectStory(asker)).toEqual([honestDid]);
  expect(await jobsOf(liar)).toBe(1);
});

/** What a member may be sent away for, by what it does. */
const ATTACKS: readonly (readonly [Attack, RegExp])[] = [
  ["unknown kinds", /broke the protocol.*unknown kind/],
  ["oversize frames", /broke the protocol.*bytes of job.cancel/],
  ["heartbeats", /floods this device.*heartbeat/],
  ["broken frames", /broke the protocol/],
];

test("who breaks the protocol is sent away with the reason, and disturbs nobody", async ({ openSite }) => {
  const { asker, honestDid, invite } = await pair(openSite);
  const attack = ({ page }: SitePage, how: Attack) => page.evaluate((kind) => window.hostile!.attack(kind), how);
  const farewells = ({ page }: SitePage) => page.evaluate(() => window.hostile!.farewells);
  for (const [how, reason] of ATTACKS) {
    await test.step(how, async () => {
      // Each comes under a name of its own, since nobody takes the former one back so soon.
      const { liar } = await liarIn(openSite, invite, asker);
      await attack(liar, "tokens for jobs of others");
      await expectStory(asker, honestDid);
      expect(await farewells(liar)).toEqual([]);
      await startAnswer(asker, { text: QUESTION, provider: honestDid }, "meanwhile");
      await attack(liar, how);
      await expectStory(asker, honestDid);
      expect((await finishedAnswer(asker, "meanwhile")).text).toBe(STORY.completion);
      // Both of the others have had enough.
      await expect
        .poll(async () => (await farewells(liar)).filter((each) => reason.test(each)).length)
        .toBeGreaterThanOrEqual(2);
      expect(await asker.page.evaluate(() => "polluted" in {})).toBe(false);
      await expectPeers(asker, 1, 1);
      await liar.page.context().close();
    });
  }
});

test("who floods a device with requests, and never has enough, does not keep others waiting behind all of them", async ({
  openSite,
}) => {
  const { asker, honestDid, invite } = await pair(openSite, { prepare: slowEngine });
  const { liar } = await liarIn(openSite, invite, asker);
  await liar.page.evaluate((question) => {
    window.hostile!.question = question;
    window.hostile!.attack("requests");
  }, QUESTION);
  await expect.poll(() => liar.page.evaluate(() => window.hostile!.refusals)).toBeGreaterThan(40);
  const answered = () => liar.page.evaluate(() => window.hostile!.answered);
  const before = await answered();
  await expectStory(asker, honestDid);
  // Six of its jobs were waiting there already; who has none running comes first all the same.
  expect((await answered()) - before).toBeLessThan(5);
});
