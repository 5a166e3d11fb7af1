/** A conversation with real weights in the built site: whole on the CPU, through a peer, and over a pipeline. */
import { readFile } from "node:fs/promises";
import type { ChatMessage } from "../src/grid";
import { variant } from "../scripts/real-models/index";
import { TURN_TOKENS } from "../scripts/real-models/references/inputs";
import { golden, haveWeights, WEIGHTS_HINT } from "../scripts/real-models/testing";
import {
  answerReaches,
  expect,
  expectPeers,
  finishedAnswer,
  joinRoom,
  layersRoom,
  loadModel,
  openRoom,
  routesOf,
  type SitePage,
  slowEngine,
  startAnswer,
  stateOf,
  test,
  visitor,
} from "./harness";
import { HubServer } from "./harness/hub-server";

const MODEL = "real/SmolLM2-135M-Instruct";
const CHAT = golden("smollm2-135m", "chat");
/** Turns of the conversation, each a question and its answer. */
const TURNS = CHAT.length / 2;

let hub: HubServer;

test.describe.configure({ mode: "serial" });
test.skip(!haveWeights, `The weights of SmolLM2-135M are not here ${WEIGHTS_HINT}.`);

test.beforeAll(async () => {
  hub = await HubServer.start();
  // Of all variants, the one with 32-bit weights is fastest on the CPU.
  const { folder, files } = await variant("smollm2-135m", "fp32", "external");
  for (const path of files) hub.put(MODEL, path, await readFile(`${folder}/${path}`));
});

test.afterAll(() => hub.stop());

test.beforeEach(({ siteConfig }) => {
  siteConfig.hub = hub.url;
});

const addModel = ({ page }: SitePage): Promise<unknown> =>
  page.evaluate((model) => window.microgrid!.models.add(model), MODEL);

/** Asks what the person says in one turn of the conversation, after all turns before; returns at once. */
async function say(site: SitePage, turn: number, provider?: string): Promise<void> {
  const before: readonly ChatMessage[] = CHAT.slice(0, 2 * turn).map(({ role, content }) => ({ role, content }));
  const text = CHAT[2 * turn]!.content;
  await startAnswer(site, { text, before, model: MODEL, maxTokens: TURN_TOKENS, ...(provider && { provider }) });
}

/** The answer of a turn, which must be the reference's. Returns the kinds of providers that gave it. */
async function hear(site: SitePage, turn: number): Promise<string[]> {
  const answer = await finishedAnswer(site);
  expect(answer.error).toBeUndefined();
  expect([turn, answer.text]).toEqual([turn, CHAT[2 * turn + 1]!.content]);
  return routesOf(answer).map(({ provider }) => provider.kind);
}

test("ten turns on the CPU, and ten through a peer, have the words of the reference", async ({ openSite }) => {
  test.slow();
  const anna = await visitor(openSite, { name: "anna" });
  await addModel(anna);
  await loadModel(anna, MODEL, { backend: "wasm" });
  for (let turn = 0; turn < TURNS; turn++) {
    await say(anna, turn);
    expect(await hear(anna, turn)).toEqual(["local"]);
  }
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, await openRoom(anna));
  await expectPeers(ben, 1, 1);
  for (let turn = 0; turn < TURNS; turn++) {
    await say(ben, turn);
    expect(await hear(ben, turn)).toEqual(["peer"]);
  }
});

test("ten turns over a pipeline have the words of the reference, though a device is killed in the middle", async ({
  openSite,
}) => {
  test.slow();
  const [consumer, ...helpers] = await layersRoom(openSite, 2, slowEngine);
  const dids = await Promise.all(helpers.map(async (helper) => (await stateOf(helper)).node.did));
  await addModel(consumer);
  await consumer.page.evaluate(
    async ([model, nodes]) => {
      const { pipelines } = window.microgrid!;
      await pipelines.open(await pipelines.plan(model, { stages: 2, nodes }));
    },
    [MODEL, dids] as const,
  );
  const holders = async () => (await stateOf(consumer)).pipelines[0]!.stages.map(({ peer }) => peer);
  expect((await holders()).sort()).toEqual([...dids].sort());
  const middle = TURNS / 2;
  for (let turn = 0; turn < TURNS; turn++) {
    await say(consumer, turn, "pipeline");
    if (turn === middle) {
      await answerReaches(consumer, 2);
      await helpers[0]!.kill();
    }
    expect(await hear(consumer, turn)).toContain("pipeline");
  }
  expect(await holders()).not.toContain(dids[0]);
});
