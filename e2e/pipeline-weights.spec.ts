/** Where the devices of a pipeline get their parts of a model from. */
import { readFile } from "node:fs/promises";
import {
  answerReaches,
  ask,
  expect,
  finishedAnswer,
  layersRoom,
  QUESTION,
  type SitePage,
  slowEngine,
  startAnswer,
  stateOf,
  STORY,
  test,
} from "./harness";
import { HubServer } from "./harness/hub-server";
import { guideWithWeightsInside } from "./harness/inline-weights";

const didOf = async (site: SitePage): Promise<string> => (await stateOf(site)).node.did;

test("a model from files of one device runs over others, which get their parts from that device", async ({
  openSite,
}) => {
  const [consumer, ...helpers] = await layersRoom(openSite, 2, slowEngine);
  const dids = await Promise.all(helpers.map(didOf));
  const [id, bytes] = await consumer.page.evaluate(async () => {
    const texts = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
    const graph = "onnx/model_q4.onnx";
    const files = await Promise.all(
      [...texts, graph, `${graph}_data`].map(async (path) => {
        const blob = await (await fetch(`models/guide/${path}`)).blob();
        return new File([blob], path);
      }),
    );
    // A folder picker gives the same: files whose names are paths.
    const { id: added } = await window.microgrid!.models.add(files as unknown as FileList);
    return [added, files.at(-1)!.size] as const;
  });
  const plan = await consumer.page.evaluate(
    async ([model, nodes]) => {
      const { pipelines } = window.microgrid!;
      const made = await pipelines.plan(model, { stages: 1, nodes });
      await pipelines.open(made);
      return made;
    },
    [id, dids] as const,
  );
  expect(plan.stages[0]!.bytes).toBeGreaterThan(bytes / 2);
  const question = { text: QUESTION, model: id, provider: "pipeline" };
  expect((await ask(consumer, question)).text).toBe(STORY.completion);
  // The replacement of a lost device gets them from there too.
  await startAnswer(consumer, question);
  await answerReaches(consumer, 10);
  await helpers[dids.indexOf(plan.stages[0]!.peer)]!.kill();
  const answer = await finishedAnswer(consumer);
  expect(answer.error).toBeUndefined();
  expect(answer.text).toBe(STORY.completion);
});

test("a model whose weights are inside of its graph's file is planned without them, and each device reads only its own", async ({
  openSite,
  siteConfig,
}) => {
  const [repository, path] = ["tests/inside", "onnx/model_q4.onnx"];
  const hub = await HubServer.start();
  try {
    siteConfig.hub = hub.url;
    const inside = await guideWithWeightsInside();
    hub.put(repository, path, inside);
    for (const file of ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]) {
      hub.put(repository, file, await readFile(`public/models/guide/${file}`));
    }
    const [consumer, ...helpers] = await layersRoom(openSite, 2);
    const dids = await Promise.all(helpers.map(didOf));
    const plan = await consumer.page.evaluate(
      async ([id, nodes]) => {
        const { models, pipelines } = window.microgrid!;
        await models.add(id);
        return pipelines.plan(id, { stages: 2, nodes });
      },
      [repository, dids] as const,
    );
    const requested = (): number[] =>
      hub.requestsFor(path).flatMap(({ range }) => {
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
        return to === undefined ? [] : [Number(to) - Number(from) + 1];
      });
    const bytes = (): number => requested().reduce((sum, length) => sum + length, 0);
    // All three have read the graph by then.
    expect(bytes()).toBeLessThan(inside.length);
    await consumer.page.evaluate(async (planned) => {
      await window.microgrid!.pipelines.open(planned);
    }, plan);
    expect(requested()).toHaveLength(hub.requestsFor(path).length);
    expect(bytes()).toBeLessThan(2 * inside.length);
    expect((await ask(consumer, { text: QUESTION, model: repository, provider: "pipeline" })).text).toBe(
      STORY.completion,
    );
  } finally {
    await hub.stop();
  }
});
