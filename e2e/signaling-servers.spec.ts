/** Several signaling servers that die one after another while a room is in use, and a room without any. */
import { orderServers } from "../src/room/signaling/slots";
import {
  answerReaches,
  ask,
  expect,
  expectPeers,
  finishedAnswer,
  gridReady,
  introduceByHand,
  joinRoom,
  loadModel,
  openRoom,
  type OpenSite,
  QUESTION,
  roomOf,
  slowEngine,
  startAnswer,
  STORY,
  test,
  withoutModel,
} from "./harness";
import { Signaling } from "./harness/signaling";
import { SignalingLines } from "./harness/sockets";

/** The messages of browsers and PeerJS about servers that are gone. */
const NOISE = ["WebSocket connection to", "ERR_CONNECTION_REFUSED"];

async function visitor(openSite: OpenSite, name: string) {
  let lines: SignalingLines | undefined;
  const site = await openSite({
    name,
    expectProblems: NOISE,
    prepare: async (page) => {
      lines = new SignalingLines(page);
      await slowEngine(page);
    },
  });
  await gridReady(site);
  return { site, lines: lines! };
}

test("three servers die one after another, two texts replace them for guests, and the first comes back", async ({
  openSite,
  signaling,
  siteConfig,
}) => {
  test.slow();
  const servers = [signaling, await Signaling.start(), await Signaling.start()];
  try {
    siteConfig.signaling = servers.map(({ port }) => ({ port, path: "/microgrid" }));
    const anna = await visitor(openSite, "anna");
    await loadModel(anna.site);
    const invite = await openRoom(anna.site);
    const { id } = await roomOf(anna.site);
    const urls = await orderServers(
      id,
      servers.map(({ port }) => `http://localhost:${port}/microgrid`),
    );
    const order = urls.map((url) => servers.find(({ port }) => url.includes(`:${port}/`))!);
    const at = async ({ site, lines }: typeof anna, server: Signaling): Promise<void> => {
      const message = `${site.name} should be at the server in turn`;
      await expect.poll(() => [...lines.servers], { message }).toEqual([server.port]);
      await expect.poll(async () => (await roomOf(site)).signaling).toBe("connected");
    };
    await at(anna, order[0]!);
    const ben = await visitor(openSite, "ben");
    await withoutModel(ben.site);
    await joinRoom(ben.site, invite);
    await expectPeers(ben.site, 1, 1);
    const inside = [anna, ben];

    for (const [i, server] of order.entries()) {
      await startAnswer(ben.site, { text: QUESTION });
      await answerReaches(ben.site, 3);
      await server.kill();
      const answer = await finishedAnswer(ben.site);
      expect(answer.error).toBeUndefined();
      expect(answer.text).toBe(STORY.completion);
      const newcomer = await visitor(openSite, `newcomer ${i + 1}`);
      await withoutModel(newcomer.site);
      const next = order[i + 1];
      if (next) {
        for (const member of inside) await at(member, next);
        await joinRoom(newcomer.site, invite);
        await at(newcomer, next);
      } else {
        for (const { site } of inside)
          await expect.poll(async () => (await roomOf(site)).signaling).toBe("reconnecting");
        await joinRoom(newcomer.site, invite);
        // A guest that never found a server is still looking for one.
        expect((await roomOf(newcomer.site)).signaling).not.toBe("connected");
        await introduceByHand(newcomer.site, ben.site);
      }
      await expectPeers(newcomer.site, inside.length, 1);
      expect((await ask(newcomer.site, QUESTION)).text).toBe(STORY.completion);
      inside.push(newcomer);
    }

    // The last server comes back first, and then the first one, where everybody ends up.
    await order[2]!.restart();
    for (const member of inside) await at(member, order[2]!);
    await order[0]!.restart();
    for (const member of inside) await at(member, order[0]!);
    await expectPeers(anna.site, inside.length - 1);
  } finally {
    await Promise.all(servers.slice(1).map((server) => server.kill()));
  }
});

test("without any server, two nodes connect with two texts, and a third comes in through the second", async ({
  openSite,
  signaling,
}) => {
  await signaling.kill();
  const { site: anna } = await visitor(openSite, "anna");
  await loadModel(anna);
  const invite = await openRoom(anna);
  const { site: ben } = await visitor(openSite, "ben");
  await withoutModel(ben);
  await joinRoom(ben, invite);
  await introduceByHand(ben, anna);
  await expectPeers(ben, 1, 1);
  expect((await ask(ben, QUESTION)).text).toBe(STORY.completion);
  const { site: cleo } = await visitor(openSite, "cleo");
  await withoutModel(cleo);
  await joinRoom(cleo, invite);
  // Cleo knows only Ben, who connects her with Anna.
  await introduceByHand(cleo, ben);
  await expectPeers(cleo, 2, 1);
  const dids = (await roomOf(cleo)).peers.map(({ did }) => did);
  expect(new Set(dids).size).toBe(2);
  expect((await ask(cleo, QUESTION)).text).toBe(STORY.completion);
});
