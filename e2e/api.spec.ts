/** The public surface of the grid in the page: completions in OpenAI's shapes, models, errors. */
import golden from "./fixtures/golden.json" with { type: "json" };
import { expect, test, visitorWithModel } from "./harness";

const GREETING = golden.items[0]!;
const ASK = { model: "guide", messages: [{ role: "user" as const, content: GREETING.messages[0]!.content }] };

test("a completion has OpenAI's shape and says where it was computed", async ({ openSite }) => {
  const site = await visitorWithModel(openSite);
  const completion = await site.page.evaluate((body) => window.microgrid!.chat.completions.create(body), ASK);
  expect(completion).toMatchObject({
    object: "chat.completion",
    model: "guide",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: GREETING.completion } }],
    usage: { prompt_tokens: GREETING.prompt_ids.length },
    microgrid: { provider: { id: "local", kind: "local" }, attempts: 1 },
  });
  expect(completion.microgrid.route[0]).toMatch(/only one that can answer/);
  const any = await site.page.evaluate(
    (body) => window.microgrid!.chat.completions.create({ ...body, model: "auto" }),
    ASK,
  );
  expect(any.model).toBe("guide");
});

test("a stream gives chunks, the finish reason, the usage and the summary; leaving it frees the engine", async ({
  openSite,
}) => {
  const site = await visitorWithModel(openSite);
  const chunks = await site.page.evaluate(async (body) => {
    const stream = await window.microgrid!.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    const all = [];
    for await (const chunk of stream) all.push(chunk);
    return all;
  }, ASK);
  expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(GREETING.completion);
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: GREETING.prompt_ids.length } });
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  const after = await site.page.evaluate(async (body) => {
    const story = { ...body, messages: [{ role: "user" as const, content: "Tell me a story about a robot" }] };
    const stream = await window.microgrid!.chat.completions.create({ ...story, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    return (await window.microgrid!.chat.completions.create(body)).choices[0]?.message.content;
  }, ASK);
  expect(after).toBe(GREETING.completion);
});

test("the same seed repeats a sampled answer, another seed does not; tokens come with log probabilities", async ({
  openSite,
}) => {
  const site = await visitorWithModel(openSite);
  const sample = (seed: number) =>
    site.page.evaluate(
      async ([body, s]) => {
        const hot = { ...body, temperature: 2, max_tokens: 40, seed: s, logprobs: true, top_logprobs: 3 };
        return (await window.microgrid!.chat.completions.create(hot)).choices[0]!;
      },
      [ASK, seed] as const,
    );
  const [one, again, other] = [await sample(1), await sample(1), await sample(2)];
  expect(again.message.content).toBe(one.message.content);
  expect(other.message.content).not.toBe(one.message.content);
  const entry = one.logprobs?.content?.[0];
  expect(entry?.top_logprobs).toHaveLength(3);
  expect(entry?.logprob).toBeLessThanOrEqual(0);
  expect(entry?.top_logprobs[0]?.logprob).toBeGreaterThanOrEqual(entry?.top_logprobs[1]?.logprob ?? 0);
});

test("errors have a code and a sentence", async ({ openSite }) => {
  const site = await visitorWithModel(openSite);
  const failure = (change: object) =>
    site.page.evaluate(
      async ([body, patch]) => {
        try {
          await window.microgrid!.chat.completions.create({ ...body, ...patch });
          return undefined;
        } catch (error) {
          const { code, message } = error as { code: string; message: string };
          return { code, message };
        }
      },
      [ASK, change] as const,
    );
  expect(await failure({ messages: [] })).toMatchObject({
    code: "bad-request",
    message: expect.stringMatching(/At least one message/),
  });
  expect(await failure({ temperature: 9 })).toMatchObject({
    code: "bad-request",
    message: expect.stringMatching(/temperature/),
  });
  expect(await failure({ tools: [{}] })).toMatchObject({
    code: "bad-request",
    message: expect.stringMatching(/“tools\.0\.\w+” is missing/),
  });
  expect(await failure({ model: "nobody/has-this" })).toMatchObject({
    code: "no-provider",
    message: expect.stringMatching(/nobody.has-this/),
  });
  expect(await failure({ microgrid: { provider: "room" } })).toMatchObject({ code: "no-provider" });
});
