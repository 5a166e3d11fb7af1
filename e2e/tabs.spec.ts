/** Several tabs of one browser are one node. */
import {
  answerReaches,
  ask,
  expect,
  expectPeers,
  finishedAnswer,
  gridReady,
  joinRoom,
  lossesOf,
  openRoom,
  QUESTION,
  slowEngine,
  startAnswer,
  stateOf,
  STORY,
  test,
  withoutModel,
  visitorWithModel,
} from "./harness";

test("a second tab attaches to the node of the first, shows the same state and can ask it", async ({ openSite }) => {
  const first = await visitorWithModel(openSite, { name: "anna" });
  const second = await first.openTab();
  await gridReady(second);
  const [one, two] = [await stateOf(first), await stateOf(second)];
  expect([one.role, two.role]).toEqual(["leader", "attached"]);
  expect(two.node).toEqual(one.node);
  expect(two.loads.guide?.kind).toBe("ready");
  expect((await ask(second, QUESTION)).text).toBe(STORY.completion);
  // One tab sees the changes of the other.
  await second.page.evaluate(() => window.microgrid!.identity.rename("Anna’s laptop"));
  await expect.poll(async () => (await stateOf(first)).node.name).toBe("Anna’s laptop");
});

test("when the leading tab is closed, the other takes over with the same did and room, and the answer continues", async ({
  openSite,
}) => {
  const peer = await openSite({ name: "peer" });
  await gridReady(peer);
  await withoutModel(peer);
  const invite = await openRoom(peer, false);
  const first = await visitorWithModel(openSite, { name: "anna", prepare: slowEngine });
  await joinRoom(first, invite, {});
  const { did } = (await stateOf(first)).node;
  await expectPeers(peer, 1, 1);
  const second = await first.openTab();
  await gridReady(second);
  await startAnswer(second, { text: QUESTION });
  await answerReaches(second, 10);
  await first.leave();
  const answer = await finishedAnswer(second);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect(lossesOf(answer)).toEqual(["tab"]);
  await expect.poll(async () => (await stateOf(second)).role).toBe("leader");
  expect((await stateOf(second)).node.did).toBe(did);
  await expectPeers(second, 1);
  await expectPeers(peer, 1, 1);
});

test("a call that is aborted in an attached tab stops in the leading one", async ({ openSite }) => {
  const first = await visitorWithModel(openSite, { name: "anna", prepare: slowEngine });
  const second = await first.openTab();
  await gridReady(second);
  await openRoom(first);
  await startAnswer(second, { text: QUESTION });
  await answerReaches(second, 3);
  await second.page.evaluate(() => window.answers!.answer!.stop());
  const answer = await finishedAnswer(second);
  expect(answer.error?.code).toBe("AbortError");
  expect(answer.text.length).toBeLessThan(STORY.completion.length);
  // The engine is free again: the next answer is complete, and does not wait for the rest of the first.
  expect((await ask(first, QUESTION)).text).toBe(STORY.completion);
});

test("a leading tab that freezes is replaced, and attaches when it continues", async ({ openSite }) => {
  const first = await visitorWithModel(openSite, { name: "anna" });
  const second = await first.openTab();
  await gridReady(second);
  // Like a frozen page, the first tab stops answering the others, but keeps its lock.
  await first.page.evaluate(() => {
    const speak = BroadcastChannel.prototype.postMessage;
    BroadcastChannel.prototype.postMessage = () => undefined;
    Object.assign(window, { thaw: () => (BroadcastChannel.prototype.postMessage = speak) });
  });
  await expect.poll(async () => (await stateOf(second)).role).toBe("leader");
  await first.page.evaluate(() => (window as unknown as { thaw(): void }).thaw());
  await expect.poll(async () => (await stateOf(second)).loads.guide?.kind).toBe("ready");
  expect((await ask(second, QUESTION)).text).toBe(STORY.completion);
  // When it continues, the first tab finds that it was replaced, and attaches.
  await expect.poll(async () => (await stateOf(first)).role).toBe("attached");
  expect((await ask(first, QUESTION)).text).toBe(STORY.completion);
});
