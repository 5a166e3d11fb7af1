/** A room of stock Firefox and Chromium: each answers the other. */
import {
  ask,
  expect,
  expectPeers,
  gridReady,
  loadModel,
  openRoom,
  QUESTION,
  routesOf,
  stateOf,
  STORY,
  test,
} from "./harness";

test("Firefox and Chromium meet in a room, and each answers the other", async ({ openSite, openFirefox, site }) => {
  const anna = await openSite({ name: "anna" });
  const firefox = await openFirefox(site.url);
  await gridReady(anna);
  await loadModel(anna);
  const invite = await openRoom(anna);
  await expect.poll(() => firefox.evaluate(() => window.microgrid !== undefined)).toBe(true);
  await firefox.evaluate(async (link) => {
    await window.microgrid!.models.load("guide", {});
    const room = await window.microgrid!.rooms.join(link);
    await room.share({});
  }, invite);
  await expectPeers(anna, 1, 1);
  await expect.poll(() => firefox.evaluate(() => window.microgrid!.state.room?.peers[0]?.offers.length)).toBe(1);

  const annaDid = (await stateOf(anna)).node.did;
  const inFirefox = await firefox.evaluate(
    async ([text, provider]) => {
      const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
      const messages = [{ role: "user" as const, content: text }];
      const generation = { model: "guide", messages, sampling, maxTokens: 200 };
      let answer = "";
      const from: string[] = [];
      for await (const event of window.microgrid!.answer({ generation, provider })) {
        if (event.type === "token") answer += event.text;
        if (event.type === "route") from.push(event.route.provider.id);
      }
      return { answer, from };
    },
    [QUESTION, annaDid] as const,
  );
  expect(inFirefox).toEqual({ answer: STORY.completion, from: [annaDid] });

  const firefoxDid = await firefox.evaluate(() => window.microgrid!.state.node.did);
  const inChromium = await ask(anna, { text: QUESTION, provider: firefoxDid });
  expect(inChromium.error).toBeUndefined();
  expect(inChromium.text).toBe(STORY.completion);
  expect(routesOf(inChromium).map(({ provider }) => provider.id)).toEqual([firefoxDid]);
});
