/** Real weights in the built site: whole on the CPU and on software WebGPU, through a peer, and over a pipeline. */
import { readFile } from "node:fs/promises";
import type { ChatMessage } from "../src/grid";
import { type Layout, type Precision, variant } from "../scripts/real-models/index";
import { TURN_TOKENS } from "../scripts/real-models/references/inputs";
import { golden, type GoldenAnswer, haveWeights, WEIGHTS_HINT } from "../scripts/real-models/testing";
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

/** Repositories with one variant each. */
const MODEL = "real/SmolLM2-135M-Instruct";
const MODEL_Q4 = "real/SmolLM2-135M-Instruct-q4";
/** A repository that has the same model as most exports are: as 32-bit floats, and quantized dynamically. */
const MODEL_Q8 = "real/SmolLM2-135M-Instruct-q8";
const CHAT = golden("smollm2-135m", "chat");
/** A question whose answer has one word for each of its first tokens. */
const [QUESTION] = golden("smollm2-135m", "answers") as [GoldenAnswer];
const Q4_TOKENS = 6;
/** A question whose answer survives the rounding of activations. */
const QUANTIZED_QUESTION = "What is the opposite of hot?";
const GPU_TOKENS = 4;
/** Turns of the conversation, each a question and its answer. */
const TURNS = CHAT.length / 2;

let hub: HubServer;

test.describe.configure({ mode: "serial" });
test.skip(!haveWeights, `The weights of SmolLM2-135M are not here ${WEIGHTS_HINT}.`);

test.beforeAll(async () => {
  hub = await HubServer.start();
  // Of all variants, the one with 32-bit weights is fastest on the CPU.
  await putModel(MODEL, "fp32");
  await putModel(MODEL_Q4, "q4");
  await putModel(MODEL_Q8, "fp32");
  await putModel(MODEL_Q8, "q8", "inline");
});

test.afterAll(() => hub.stop());

test.beforeEach(({ siteConfig }) => {
  siteConfig.hub = hub.url;
});

async function putModel(name: string, precision: Precision, layout: Layout = "external"): Promise<void> {
  const { folder, files } = await variant("smollm2-135m", precision, layout);
  for (const path of files) hub.put(name, path, await readFile(`${folder}/${path}`));
}

const addModel = ({ page }: SitePage, model = MODEL): Promise<unknown> =>
  page.evaluate((name) => window.microgrid!.models.add(name), model);

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

test("4-bit weights give a peer the words that they give at home", async ({ openSite }) => {
  test.slow();
  const anna = await visitor(openSite, { name: "anna" });
  await addModel(anna, MODEL_Q4);
  await loadModel(anna, MODEL_Q4, { backend: "wasm" });
  const ask = async (site: SitePage) => {
    await startAnswer(site, { text: QUESTION.messages[0]!.content, model: MODEL_Q4, maxTokens: Q4_TOKENS });
    const answer = await finishedAnswer(site);
    expect(answer.error).toBeUndefined();
    return { text: answer.text, kinds: routesOf(answer).map(({ provider }) => provider.kind) };
  };
  const home = await ask(anna);
  expect(home.kinds).toEqual(["local"]);
  expect(home.text).not.toBe("");
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, await openRoom(anna));
  await expectPeers(ben, 1, 1);
  expect(await ask(ben)).toEqual({ text: home.text, kinds: ["peer"] });
});

test("on the CPU, the variant that was quantized dynamically is chosen, and answers", async ({ openSite }) => {
  test.slow();
  hub.seen.length = 0;
  const anna = await visitor(openSite, { name: "anna" });
  await addModel(anna, MODEL_Q8);
  await loadModel(anna, MODEL_Q8, { backend: "wasm" });
  expect(hub.requestsFor("model_quantized.onnx")).not.toEqual([]);
  expect(hub.requestsFor("model.onnx_data")).toEqual([]);
  await startAnswer(anna, { text: QUANTIZED_QUESTION, model: MODEL_Q8, maxTokens: Q4_TOKENS });
  const { error, text } = await finishedAnswer(anna);
  expect(error).toBeUndefined();
  expect(text).toBe("The opposite of hot is cold");
});

test("4-bit weights on a graphics card begin as the reference does", async ({ openSite }) => {
  test.skip(!process.env.MICROGRID_REAL_WEBGPU, "Software WebGPU takes minutes: set MICROGRID_REAL_WEBGPU=1.");
  test.setTimeout(3_600_000);
  const site = await visitor(openSite, { webgpu: true });
  await addModel(site, MODEL_Q4);
  await loadModel(site, MODEL_Q4, { backend: "webgpu" });
  await startAnswer(site, { text: QUESTION.messages[0]!.content, model: MODEL_Q4, maxTokens: GPU_TOKENS });
  const { error, text } = await finishedAnswer(site);
  expect(error).toBeUndefined();
  expect(QUESTION.text.startsWith(text)).toBe(true);
  expect(text.split(" ")).toHaveLength(GPU_TOKENS);
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
