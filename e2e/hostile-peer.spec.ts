/** One hostile member among honest ones. The others still get exact answers from each other, whatever it does. */
import type { Loss } from "../src/grid";
import {
  answerReaches,
  ask,
  expect,
  expectPeers,
  finishedAnswer,
  gridReady,
  joinRoom,
  lossesOf,
  type OpenOptions,
  openRoom,
  type OpenSite,
  QUESTION,
  type Received,
  routesOf,
  type SitePage,
  slowEngine,
  startAnswer,
  stateOf,
  STORY,
  test,
  visitor,
  withoutModel,
  visitorWithModel,
} from "./harness";
import { hostile } from "./hostile-page/bundle";
import type { Attack, Conduct } from "./hostile-page/main";

/** A visitor with the guide in memory. */
async function worker(openSite: OpenSite, options: OpenOptions): Promise<SitePage> {
  const site = await visitorWithModel(openSite, options);
  return site;
}

/** A consumer without a model, and an honest provider whose rate was measured. */
async function pair(openSite: OpenSite, options: OpenOptions = {}) {
  const honest = await worker(openSite, { name: "honest", ...options });
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

/** A liar that offers every model at a billion tokens a second. */
async function liarIn(openSite: OpenSite, invite: string, asker: SitePage) {
  const liar = await worker(openSite, { name: "liar", prepare: hostile });
  await joinRoom(liar, invite, {});
  await expectPeers(asker, 2, 2);
  await expectPeers(liar, 2, 1);
  return { liar, liarDid: (await stateOf(liar)).node.did };
}

async function expectStory(asker: SitePage, provider?: string): Promise<string[]> {
  return routesOf(await story(asker, provider)).map(({ provider: { id } }) => id);
}

async function story(asker: SitePage, provider?: string): Promise<Received> {
  const answer = await ask(asker, { text: QUESTION, ...(provider !== undefined && { provider }) });
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  return answer;
}

const conduct = ({ page }: SitePage, how: Conduct) =>
  page.evaluate((value) => void (window.hostile!.conduct = value), how);
const jobsOf = ({ page }: SitePage) => page.evaluate(() => window.hostile!.jobs);

/** Ways to treat a job that make the consumer move it, and the reason that it gives. */
const LOST: readonly (readonly [Conduct, Loss])[] = [
  ["never answers", "slow"],
  ["slow", "slow"],
  ["empty frames", "protocol"],
  ["too much text", "protocol"],
  ["wrong order", "protocol"],
];

test("a provider that is silent, too slow or sends nonsense loses the job, and is not asked again at once", async ({
  openSite,
}) => {
  const { asker, honestDid, invite } = await pair(openSite);
  for (const [how, loss] of LOST) {
    await test.step(how, async () => {
      const { liar, liarDid } = await liarIn(openSite, invite, asker);
      await conduct(liar, how);
      await startAnswer(asker, { text: QUESTION, provider: honestDid }, "meanwhile");
      const answer = await story(asker);
      expect(routesOf(answer).map(({ provider }) => provider.id)).toEqual([liarDid, honestDid]);
      expect(lossesOf(answer)).toEqual([loss]);
      expect((await finishedAnswer(asker, "meanwhile")).text).toBe(STORY.completion);
      expect(await expectStory(asker)).toEqual([honestDid]);
      expect(await jobsOf(liar)).toBe(1);
      await liar.leave();
      await expectPeers(asker, 1, 1);
    });
  }
});

test("a provider that continues after the end does not change the answer", async ({ openSite }) => {
  const { asker, honestDid, invite } = await pair(openSite);
  const { liar, liarDid } = await liarIn(openSite, invite, asker);
  await conduct(liar, "after the end");
  expect(await expectStory(asker, liarDid)).toEqual([liarDid]);
  await expectStory(asker, honestDid);
});

test("a claim of a billion tokens a second is believed once, and then replaced by the measured rate", async ({
  openSite,
}) => {
  const { asker, honestDid, invite } = await pair(openSite);
  const { liar, liarDid } = await liarIn(openSite, invite, asker);
  await conduct(liar, "sluggish");
  // The honest member is busy, or else both could promise nearly the same on a slow line, and chance would choose.
  await startAnswer(asker, { text: QUESTION, provider: honestDid }, "meanwhile");
  expect((await expectStory(asker))[0]).toBe(liarDid);
  expect((await finishedAnswer(asker, "meanwhile")).text).toBe(STORY.completion);
  for (let i = 0; i < 3; i++) expect(await expectStory(asker)).toEqual([honestDid]);
  expect(await jobsOf(liar)).toBe(1);
});

/** The attacks that end a member's links, each with the reason that it is told. */
const ATTACKS: readonly (readonly [Attack, RegExp])[] = [
  ["unknown kinds", /broke the protocol.*unknown kind/],
  ["oversize frames", /broke the protocol.*bytes of job.cancel/],
  ["heartbeats", /floods this device.*heartbeat/],
  ["broken frames", /broke the protocol/],
];

test("a member that breaks the protocol is disconnected with the reason, and disturbs no other", async ({
  openSite,
}) => {
  const { asker, honestDid, invite } = await pair(openSite);
  const attack = ({ page }: SitePage, how: Attack) => page.evaluate((kind) => window.hostile!.attack(kind), how);
  const farewells = ({ page }: SitePage) => page.evaluate(() => window.hostile!.farewells);
  for (const [how, reason] of ATTACKS) {
    await test.step(how, async () => {
      // Each attacker has a new key, because the others do not accept the previous one again so soon.
      const { liar } = await liarIn(openSite, invite, asker);
      await attack(liar, "tokens for jobs of others");
      await expectStory(asker, honestDid);
      expect(await farewells(liar)).toEqual([]);
      await startAnswer(asker, { text: QUESTION, provider: honestDid }, "meanwhile");
      await attack(liar, how);
      await expectStory(asker, honestDid);
      expect((await finishedAnswer(asker, "meanwhile")).text).toBe(STORY.completion);
      // Both other members disconnect it.
      await expect
        .poll(async () => (await farewells(liar)).filter((each) => reason.test(each)).length)
        .toBeGreaterThanOrEqual(2);
      expect(await asker.page.evaluate(() => "polluted" in {})).toBe(false);
      await expectPeers(asker, 1, 1);
      await liar.page.context().close();
    });
  }
});

test("a peer that floods a device with requests does not keep others waiting behind all of them", async ({
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
  // Six of its jobs were waiting already, but a peer without a running job comes first.
  expect((await answered()) - before).toBeLessThan(5);
});

/** Corrupts the frames that a page sends on its data channels, from the first token frame on. */
async function sabotage(site: SitePage, how: "garbage" | "oversize" | "repeat" | "silence"): Promise<void> {
  await site.page.evaluate((kind) => {
    const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: Uint8Array<ArrayBuffer>) => void;
    let tokens = 0;
    RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
      const message = data as Uint8Array<ArrayBuffer>;
      const name = String.fromCharCode(...message.subarray(2, 2 + (message[1] ?? 0)));
      if (name === "job.tokens") tokens++;
      if (tokens < 3 || !name.startsWith("job.")) return send.call(this, message);
      if (kind === "garbage") return send.call(this, crypto.getRandomValues(new Uint8Array(500)));
      if (kind === "oversize") return send.call(this, new Uint8Array(200_000));
      if (kind === "repeat") send.call(this, message);
      if (kind !== "silence") send.call(this, message);
    };
  }, how);
}

for (const how of ["garbage", "oversize", "repeat", "silence"] as const) {
  test(`a peer that answers with ${how} does not lose a word of the answer`, async ({ openSite }) => {
    const rogue = await worker(openSite, { name: "rogue", prepare: slowEngine });
    const invite = await openRoom(rogue);
    const honest = await worker(openSite, { name: "honest", prepare: slowEngine });
    await joinRoom(honest, invite);
    const asker = await visitor(openSite, { name: "asker" });
    await joinRoom(asker, invite);
    await expectPeers(asker, 2, 1);
    await sabotage(rogue, how);
    await startAnswer(asker, { text: QUESTION });
    await answerReaches(asker, 1);
    await honest.page.evaluate(() => window.microgrid!.rooms.current!.share({}));
    const answer = await finishedAnswer(asker);
    expect(answer.error).toBeUndefined();
    expect(answer.text).toBe(STORY.completion);
    const honestDid = (await stateOf(honest)).node.did;
    expect(routesOf(answer).at(-1)?.provider.id).toBe(honestDid);
  });
}
