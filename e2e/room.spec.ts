/** Rooms over real WebRTC: answers from peers, losses in the middle of answers, servers that fail, bad invites. */
import golden from "./fixtures/golden.json" with { type: "json" };
import {
  answerReaches,
  ask,
  expect,
  expectPeers,
  finishedAnswer,
  introduceByHand,
  joinRoom,
  loadModel,
  type OpenOptions,
  openRoom,
  type OpenSite,
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
  withoutModel,
  visitorWithModel,
} from "./harness";

const EOS = new Set(golden.eos);
const STORY_IDS = STORY.completion_ids.filter((id) => !EOS.has(id));

/** A visitor with the guide in memory, slow enough to be interrupted. */
async function worker(openSite: OpenSite, options: OpenOptions = {}): Promise<SitePage> {
  const site = await visitorWithModel(openSite, { prepare: slowEngine, ...options });
  return site;
}

test("a browser without a model gets its answers from the room, and learns where they come from", async ({
  openSite,
}) => {
  const anna = await worker(openSite, { name: "anna" });
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, await openRoom(anna));
  await expectPeers(ben, 1, 1);
  await expectPeers(anna, 1);
  const answer = await ask(ben, QUESTION);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  const annaDid = (await stateOf(anna)).node.did;
  expect(routesOf(answer).map(({ provider }) => provider)).toEqual([
    expect.objectContaining({ id: annaDid, kind: "peer" }),
  ]);
  expect(routesOf(answer)[0]?.why[0]).toMatch(/only one that can answer/);
  expect((await roomOf(ben)).peers[0]).toMatchObject({
    did: annaDid,
    sharing: true,
    rttMs: expect.any(Number),
  });
});

test("three browsers ask and answer at the same time", async ({ openSite }) => {
  const anna = await worker(openSite, { name: "anna" });
  const invite = await openRoom(anna);
  const ben = await worker(openSite, { name: "ben" });
  await joinRoom(ben, invite, {});
  const cleo = await visitor(openSite, { name: "cleo" });
  await joinRoom(cleo, invite);
  await expectPeers(cleo, 2, 2);
  await expectPeers(anna, 2, 1);
  for (const name of ["one", "two", "three", "four"]) await startAnswer(cleo, { text: QUESTION }, name);
  const answers = await Promise.all(["one", "two", "three", "four"].map((name) => finishedAnswer(cleo, name)));
  expect(answers.map(({ text }) => text)).toEqual(answers.map(() => STORY.completion));
  const providers = new Set(answers.flatMap((answer) => routesOf(answer).map(({ provider }) => provider.id)));
  expect(providers.size).toBe(2);
});

test("a peer that is killed in the middle of an answer, ten times in a row, does not change the answer", async ({
  openSite,
}) => {
  test.slow();
  const anna = await worker(openSite, { name: "anna" });
  const invite = await openRoom(anna);
  const asker = await visitor(openSite, { name: "asker" });
  await joinRoom(asker, invite);
  await expectPeers(asker, 1, 1);
  const annaDid = (await stateOf(anna)).node.did;
  for (let round = 1; round <= 10; round++) {
    const victim = await worker(openSite, { name: `victim ${round}`, ownProcess: round % 3 === 0 });
    await joinRoom(victim, invite, {});
    await expectPeers(asker, 2, 2);
    const victimDid = (await stateOf(victim)).node.did;
    // The answer must begin at the victim, so that there is something to lose.
    await anna.page.evaluate(() => window.microgrid!.rooms.current!.share(false));
    await expectPeers(asker, 2, 1);
    await startAnswer(asker, { text: QUESTION });
    await answerReaches(asker, 1 + 3 * round);
    await anna.page.evaluate(() => window.microgrid!.rooms.current!.share({}));
    if (round % 3 === 0) await victim.kill();
    else if (round % 3 === 1) await victim.leave();
    else await victim.crash();
    const answer = await finishedAnswer(asker);
    expect(answer.error, `round ${round}`).toBeUndefined();
    expect(answer.ids, `round ${round}`).toEqual(STORY_IDS);
    expect(answer.text, `round ${round}`).toBe(STORY.completion);
    expect(routesOf(answer).map(({ provider }) => provider.id)).toEqual([victimDid, annaDid]);
    await expectPeers(asker, 1, 1);
  }
});

test("an answer continues here when the peer that gives it freezes", async ({ openSite }) => {
  const victim = await worker(openSite, { name: "victim", ownProcess: true });
  const invite = await openRoom(victim);
  const asker = await worker(openSite, { name: "asker" });
  await joinRoom(asker, invite);
  await expectPeers(asker, 1, 1);
  await withoutModel(asker);
  await startAnswer(asker, { text: QUESTION });
  await answerReaches(asker, 10);
  const thaw = await victim.freeze();
  await loadModel(asker);
  const answer = await finishedAnswer(asker);
  thaw();
  expect(answer.text).toBe(STORY.completion);
  expect(routesOf(answer).map(({ provider }) => provider.kind)).toEqual(["peer", "local"]);
});

test("an answer continues when the peer loses its network, and the peer returns with its network", async ({
  openSite,
  turn,
}) => {
  const network = await turn.connect({ delayMs: 20 });
  const victim = await worker(openSite, { name: "victim", network });
  const invite = await openRoom(victim);
  const honest = await worker(openSite, { name: "honest", network: await turn.connect({ delayMs: 5 }) });
  await joinRoom(honest, invite);
  const asker = await visitor(openSite, { name: "asker", network: await turn.connect({ delayMs: 5 }) });
  await joinRoom(asker, invite);
  await expectPeers(asker, 2, 1);
  await startAnswer(asker, { text: QUESTION });
  await answerReaches(asker, 10);
  network.cut();
  await honest.page.evaluate(() => window.microgrid!.rooms.current!.share({}));
  const answer = await finishedAnswer(asker);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect(routesOf(answer)).toHaveLength(2);
  await expectPeers(asker, 1, 1);
  network.restore();
  await expectPeers(asker, 2, 2);
});

test("links survive the signaling server, and guests come in when it is back", async ({ openSite, signaling }) => {
  const noise = ["WebSocket connection to", "ERR_CONNECTION_REFUSED"];
  const anna = await worker(openSite, { name: "anna", expectProblems: noise });
  const ben = await visitor(openSite, { name: "ben", expectProblems: noise });
  const invite = await openRoom(anna);
  await joinRoom(ben, invite);
  await expectPeers(ben, 1, 1);
  await signaling.kill();
  await expect.poll(async () => (await roomOf(ben)).signaling).toBe("reconnecting");
  expect((await ask(ben, QUESTION)).text).toBe(STORY.completion);
  await signaling.restart();
  await expect.poll(async () => (await roomOf(anna)).signaling).toBe("connected");
  await expect.poll(async () => (await roomOf(ben)).signaling).toBe("connected");
  const cleo = await visitor(openSite, { name: "cleo" });
  await joinRoom(cleo, invite);
  await expectPeers(cleo, 2, 1);
});

test("without any server, two texts let a guest in, which then links to everybody", async ({ openSite, signaling }) => {
  const noise = ["WebSocket connection to", "ERR_CONNECTION_REFUSED"];
  const anna = await worker(openSite, { name: "anna", expectProblems: noise });
  const invite = await openRoom(anna);
  const ben = await visitor(openSite, { name: "ben", expectProblems: noise });
  await joinRoom(ben, invite);
  await expectPeers(ben, 1, 1);
  await signaling.kill();
  const cleo = await visitor(openSite, { name: "cleo", expectProblems: noise });
  await joinRoom(cleo, invite);
  await introduceByHand(cleo, ben);
  await expectPeers(cleo, 2, 1);
  expect((await ask(cleo, QUESTION)).text).toBe(STORY.completion);
  const refused = await cleo.page.evaluate(() =>
    window.microgrid!.rooms.current!.answerByHand("nonsense").then(
      () => "",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  expect(refused).toBe("bad-request");
});

test("a room can be opened while signaling is down, and fills when it comes up", async ({ openSite, signaling }) => {
  const noise = ["WebSocket connection to", "ERR_CONNECTION_REFUSED"];
  await signaling.kill();
  const anna = await worker(openSite, { name: "anna", expectProblems: noise });
  const invite = await openRoom(anna);
  expect((await roomOf(anna)).signaling).not.toBe("connected");
  const ben = await visitor(openSite, { name: "ben", expectProblems: noise });
  await joinRoom(ben, invite);
  await signaling.restart();
  await expectPeers(ben, 1, 1);
  expect((await ask(ben, QUESTION)).text).toBe(STORY.completion);
});

test("closing a tab is noticed at once, and a room whose founder left continues", async ({ openSite }) => {
  const anna = await visitor(openSite, { name: "anna" });
  const invite = await openRoom(anna, false);
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, invite);
  await expectPeers(ben, 1);
  await anna.leave();
  await expectPeers(ben, 0);
  const cleo = await visitor(openSite, { name: "cleo" });
  await joinRoom(cleo, invite);
  await expectPeers(cleo, 1);
});

test("the limits of sharing hold: models, pauses, and switching off", async ({ openSite }) => {
  const anna = await worker(openSite, { name: "anna" });
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, await openRoom(anna, { models: ["another"] }));
  await expectPeers(ben, 1, 0);
  const refused = await ask(ben, { text: QUESTION, provider: "room" });
  expect(refused.error?.code).toBe("no-provider");
  await anna.page.evaluate(() => window.microgrid!.rooms.current!.share({ models: "all" }));
  await expectPeers(ben, 1, 1);
  await ben.page.evaluate(() => window.microgrid!.setPolicy({ privacy: "device" }));
  const kept = await ask(ben, QUESTION);
  expect(kept.error?.message).toMatch(/privacy setting/);
});

test("an error explains what is wrong with a bad invite", async ({ openSite }) => {
  const anna = await visitor(openSite, { name: "anna" });
  const invite = await openRoom(anna, false);
  const inspect = (link: string) =>
    anna.page.evaluate((text) => {
      try {
        return { name: window.microgrid!.rooms.inspect(text).name, code: "" };
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        return { name: message, code };
      }
    }, link);
  expect(await inspect(invite)).toEqual({ name: "Attic", code: "" });
  expect(await inspect(invite.slice(0, -20))).toMatchObject({ code: "invite-malformed" });
  expect(await inspect(`Join us: (${invite.replace("#", "%23")}).`)).toEqual({ name: "Attic", code: "" });
  // The first byte, 9, is the version.
  expect(await inspect(`${invite.split("#")[0]}#/join/CQAAAAAAAAAA`)).toMatchObject({ code: "invite-version" });
});

test("an empty room says so, and waits", async ({ openSite }) => {
  const anna = await visitor(openSite, { name: "anna" });
  const invite = await openRoom(anna, false);
  await anna.leave();
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, invite);
  await expect
    .poll(async () => (await stateOf(ben)).notices.map(({ text }) => text).join())
    .toMatch(/Nobody is in “Attic”/);
});
