/** Answers in a format: the engine worker of the built site masks tokens, here, on a peer, and after its loss. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { GenerationRequest } from "../src/inference";
import {
  QUESTION,
  type SitePage,
  answerReaches,
  expect,
  expectLoss,
  expectPeers,
  finishedAnswer,
  joinRoom,
  loadModel,
  openRoom,
  routesOf,
  slowEngine,
  startAnswer,
  test,
  visitor,
  visitorWithModel,
} from "./harness";

const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 40 },
    size: { type: "integer", minimum: 1, maximum: 99 },
    kind: { enum: ["robot", "rocket"] },
    parts: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 3 },
  },
  required: ["name", "size", "kind", "parts"],
};

/** The text of an answer, and why it ended. */
async function answered({ page }: SitePage, asked: Partial<GenerationRequest>) {
  return page.evaluate(async (patch) => {
    const messages = [{ role: "user" as const, content: "Tell me a story about a robot" }];
    const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
    const generation = { model: "guide", messages, sampling, maxTokens: 80, seed: 1, ...patch };
    let text = "";
    let reason = "";
    for await (const event of window.microgrid!.answer({ generation })) {
      if (event.type === "token") text += event.text;
      if (event.type === "done") reason = event.finishReason;
    }
    return { text, reason };
  }, asked);
}

function expectValid(text: string): void {
  const ajv = new Ajv2020({ strict: false });
  expect([ajv.validate(SCHEMA, JSON.parse(text)), ajv.errors]).toEqual([true, null]);
}

const format = { type: "schema", schema: JSON.stringify(SCHEMA) } as const;

test("the built-in model answers in every format, cut or not, and refuses what cannot be honoured", async ({
  openSite,
}) => {
  const site = await visitorWithModel(openSite);
  for (const maxTokens of [34, 45, 80]) expectValid((await answered(site, { format, maxTokens })).text);
  const json = await answered(site, { format: { type: "json" }, maxTokens: 20 });
  expect(JSON.parse(json.text)).toBeInstanceOf(Object);
  const pattern = await answered(site, { format: { type: "regex", pattern: "(yes|no), [a-z]{2,9}\\." } });
  expect(pattern.text).toMatch(/^(yes|no), [a-z]{2,9}\.$/);
  expect(pattern.reason).toBe("stop");
  const grammar = await answered(site, { format: { type: "grammar", grammar: 'root ::= "[" [0-9]+ "]"' } });
  expect(grammar.text).toMatch(/^\[\d+\]$/);
  await expect(answered(site, { format: { type: "schema", schema: '{"not":{}}' } })).rejects.toThrow(
    /“not” is not supported/,
  );
  await expect(answered(site, { format, maxTokens: 2 })).rejects.toThrow(/there is room for 2/);
});

test("an answer of a peer has its format, and keeps it when this device goes on after a loss", async ({ openSite }) => {
  const ada = await visitorWithModel(openSite, { name: "ada", prepare: slowEngine });
  const ben = await visitor(openSite, { name: "ben" });
  await joinRoom(ben, await openRoom(ada));
  await expectPeers(ben, 1, 1);
  await startAnswer(ben, { text: QUESTION, maxTokens: 60, format });
  await answerReaches(ben, 5);
  await ada.page.evaluate(() => window.microgrid!.rooms.current!.share(false));
  await expectLoss(ben, "paused");
  await loadModel(ben);
  const answer = await finishedAnswer(ben);
  expect(answer.error).toBeUndefined();
  expect(routesOf(answer)).toHaveLength(2);
  expectValid(answer.text);
});
