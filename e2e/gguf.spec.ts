/** GGUF models in the built site: llama.cpp on the CPU, at home and through a peer. */
import { readFile } from "node:fs/promises";
import { golden, type GoldenAnswer, haveWeights, WEIGHTS_HINT } from "../scripts/real-models/testing";
import {
  expect,
  expectPeers,
  finishedAnswer,
  joinRoom,
  loadModel,
  openRoom,
  routesOf,
  startAnswer,
  test,
  visitor,
} from "./harness";
import { HubServer } from "./harness/hub-server";

const MODEL = "real/SmolLM2-135M-Instruct-GGUF";
const [QUESTION] = golden("smollm2-135m", "answers") as [GoldenAnswer];

let hub: HubServer;

test.describe.configure({ mode: "serial" });
test.skip(!haveWeights, `The weights of SmolLM2-135M are not here ${WEIGHTS_HINT}.`);

test.beforeAll(async () => {
  hub = await HubServer.start();
  hub.put(MODEL, "SmolLM2-135M-Instruct-Q4_1.gguf", await readFile(".cache/real-models/smollm2-135m/model.gguf"));
});

test.afterAll(() => hub.stop());

test.beforeEach(({ siteConfig }) => {
  siteConfig.hub = hub.url;
});

test("real weights answer at home and for a peer with the same words", async ({ openSite }) => {
  test.slow();
  const anna = await visitor(openSite, { name: "anna" });
  await anna.page.evaluate((name) => window.microgrid!.models.add(name), MODEL);
  await loadModel(anna, MODEL);
  const request = { text: QUESTION.messages[0]!.content, model: MODEL, maxTokens: 24 };
  await startAnswer(anna, request);
  const home = await finishedAnswer(anna);
  expect(home.error).toBeUndefined();
  expect(home.text).toBe(QUESTION.text);
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, await openRoom(anna));
  await expectPeers(ben, 1, 1);
  await startAnswer(ben, request);
  const away = await finishedAnswer(ben);
  expect(away.text).toBe(home.text);
  expect(routesOf(away).map(({ provider }) => provider.kind)).toEqual(["peer"]);
});
