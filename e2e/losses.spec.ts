/**
 * Every reason for which a provider ends an answer early, produced in real browsers: the asker gets the code and its
 * sentence, and the answer is complete in the end. `slow` and more ways to `protocol` are in hostile-peer.spec.ts, `stage`
 * in pipelines.spec.ts, and `tab` in tabs.spec.ts. `unreachable` needs a room so large that not everybody is linked to
 * everybody, and has a unit test.
 */
import type { Loss } from "../src/grid";
import { lossText } from "../src/node/routing/losses";
import {
  answerReaches,
  expect,
  expectLoss,
  expectPeers,
  finishedAnswer,
  gridReady,
  joinRoom,
  loadModel,
  lossesOf,
  openRoom,
  type OpenSite,
  QUESTION,
  roomOf,
  routesOf,
  type SitePage,
  slowEngine,
  startAnswer,
  STORY,
  test,
  visitor,
  visitorWithModel,
} from "./harness";
import { ChatPage } from "./pages";

declare global {
  interface Window {
    /** The parts of a provider’s page that tests break. */
    parts: { engines: Worker[]; lines: RTCPeerConnection[]; jobFrames: "sent" | "dropped" | "repeated" };
  }
}

/** Keeps hold of the engine workers and connections of a page, and of the frames of jobs that it sends. */
async function breakable(site: SitePage): Promise<void> {
  await slowEngine(site);
  await site.page.addInitScript(() => {
    const parts: Window["parts"] = { engines: [], lines: [], jobFrames: "sent" };
    window.parts = parts;
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        if (options?.name === "microgrid-gpu") parts.engines.push(this);
      }
    };
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...args: [RTCConfiguration?]) {
        super(...args);
        parts.lines.push(this);
      }
    };
    const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: Uint8Array<ArrayBuffer>) => void;
    RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
      const message = data as Uint8Array<ArrayBuffer>;
      const ofJob = String.fromCharCode(...message.subarray(2, 6)) === "job.";
      if (ofJob && parts.jobFrames === "dropped") return;
      if (ofJob && parts.jobFrames === "repeated") send.call(this, message);
      send.call(this, message);
    };
  });
}

/** Ada, who answers the room with the guide, and Ben, who computes nothing. */
async function pair(openSite: OpenSite) {
  const ada = await visitorWithModel(openSite, { name: "ada", prepare: breakable });
  await ada.page.evaluate(() => window.microgrid!.identity.rename("Ada"));
  const ben = await visitor(openSite, { name: "ben" });
  const invite = await openRoom(ada);
  await joinRoom(ben, invite);
  await expectPeers(ben, 1, 1);
  return { ada, ben, invite };
}

/** The whole answer. After the first loss, more may follow until the provider has told that it is back. */
async function expectStory(site: SitePage, loss: Loss, name = "answer"): Promise<void> {
  const answer = await finishedAnswer(site, name);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
  expect(lossesOf(answer)[0]).toBe(loss);
  expect(routesOf(answer)[1]?.why[0]?.toLowerCase()).toContain(lossText(loss, "“Ada”").toLowerCase());
}

test("an answer names the reason for each way in which its provider is lost, and goes on when it is back", async ({
  openSite,
}) => {
  test.slow();
  const { ada, ben, invite } = await pair(openSite);
  /** Begins an answer, loses its provider, brings it back, and expects the whole answer. */
  const lose = (loss: Loss, harm: () => Promise<unknown>, mend: () => Promise<unknown>) =>
    test.step(loss, async () => {
      await startAnswer(ben, { text: QUESTION });
      await answerReaches(ben, 5);
      await harm();
      await expectLoss(ben, loss);
      await mend();
      await expectStory(ben, loss);
      await expectPeers(ben, 1, 1);
    });
  const nothing = () => Promise.resolve();
  const jobFrames = (how: Window["parts"]["jobFrames"]) => () =>
    ada.page.evaluate((value) => (window.parts.jobFrames = value), how);

  await lose(
    "paused",
    () => ada.page.evaluate(() => window.microgrid!.rooms.current!.share(false)),
    () => ada.page.evaluate(() => window.microgrid!.rooms.current!.share({})),
  );
  await lose(
    "unloaded",
    () => ada.page.evaluate(() => window.microgrid!.models.unload("guide")),
    () => loadModel(ada),
  );
  // The node starts another engine by itself.
  await lose("engine", () => ada.page.evaluate(() => window.parts.engines.at(-1)!.terminate()), nothing);
  // Nodes that lose each other connect again by themselves.
  await lose(
    "disconnected",
    () => ada.page.evaluate(() => window.parts.lines.forEach((line) => line.close())),
    nothing,
  );
  await lose("silent", jobFrames("dropped"), jobFrames("sent"));
  await lose(
    "left",
    () => ada.page.evaluate(() => window.microgrid!.rooms.current!.leave()),
    () => joinRoom(ada, invite, {}),
  );
  await lose(
    "you-left",
    () => ben.page.evaluate(() => window.microgrid!.rooms.current!.leave()),
    () => joinRoom(ben, invite),
  );
  // Ben does not let a member back in at once that broke the protocol, so this comes last.
  await startAnswer(ben, { text: QUESTION });
  await answerReaches(ben, 5);
  await jobFrames("repeated")();
  await expectLoss(ben, "protocol");
});

test("an answer names the reason for which its provider does not take it", async ({ openSite }) => {
  const { ada, ben } = await pair(openSite);
  await test.step("busy", async () => {
    const names = Array.from({ length: 9 }, (_, index) => `answer ${index}`);
    for (const name of names) await startAnswer(ben, { text: QUESTION }, name);
    await expectLoss(ben, "busy", names.at(-1));
    // One that waits for others is not lost: it comes when they are done.
    for (const name of names) expect((await finishedAnswer(ben, name)).text).toBe(STORY.completion);
  });
  await test.step("refused", async () => {
    await startAnswer(ben, { text: "word ".repeat(2000) });
    const answer = await finishedAnswer(ben);
    expect(lossesOf(answer)).toContain("refused");
    expect(answer.error?.code).toBe("context-exceeded");
  });
  await test.step("rules", async () => {
    await ada.page.evaluate(() => window.microgrid!.rooms.current!.amend({ limits: { tokensPerAnswer: 20 } }));
    await expect.poll(async () => (await roomOf(ben)).charter?.limits.tokensPerAnswer).toBe(20);
    await startAnswer(ben, { text: QUESTION });
    const answer = await finishedAnswer(ben);
    expect(lossesOf(answer)).toContain("rules");
    expect(answer.error?.code).toBe("peer-refused");
  });
});

test("the page says why an answer went on: its reader had stopped it", async ({ openSite }) => {
  const site = await openSite({ prepare: slowEngine });
  const chat = new ChatPage(site.page);
  await gridReady(site);
  await loadModel(site);
  await chat.ask(QUESTION);
  await expect(chat.answers.last().locator("mg-markdown .content")).not.toBeEmpty();
  await chat.stop.click();
  await chat.continueAnswer();
  await chat.finished();
  await expect(chat.origin()).toContainText(lossText("stopped", ""));
});
