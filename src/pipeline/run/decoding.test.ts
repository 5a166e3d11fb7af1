/** The guide model around a ring of stages in this process, against its golden completions. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HiddenState, LoadedModel, StageService } from "../../inference";
import { goldenItems, guidePackage, randomPackage } from "../../inference/testing/node";
import { GuideParts, answerIds, shortItems } from "../testing/guide";
import { STEP_TOKENS, chain } from "../testing/parts";

/** Counts the steps that go around. */
function counting(ring: StageService): StageService & { readonly counts: number[] } {
  const counts: number[] = [];
  return {
    counts,
    forward: (step, options) => {
      counts.push(step.count);
      return ring.forward(step, options);
    },
    end: (sequence) => ring.end(sequence),
  };
}

describe("the guide model around a ring", () => {
  const parts = new GuideParts();
  const items = shortItems();
  let ring: StageService;
  beforeAll(async () => {
    ring = chain([await parts.stage(1, 3), await parts.stage(3, 4)]);
  });

  it("produces the golden completions, with layers at both ends and two stages between", async () => {
    const model = await parts.model(ring, 1, 4);
    for (const item of items) {
      expect(await answerIds(model, item.messages)).toEqual(item.completion_ids.slice(0, -1));
    }
    await model.unload();
  });

  it("produces the golden completions for two requests at once, with only embedding and head on this node", async () => {
    const model = await parts.model(await parts.stage(0, 6), 0, 6);
    const two = items.slice(0, 2);
    expect(await Promise.all(two.map((item) => answerIds(model, item.messages)))).toEqual(
      two.map((item) => item.completion_ids.slice(0, -1)),
    );
  });

  it("refuses more tokens than the ring agreed to, before it asks a stage", async () => {
    const asked: number[] = [];
    const listening: StageService = {
      forward: (step, options) => {
        asked.push(step.keep + step.count);
        return ring.forward(step, options);
      },
      end: (sequence) => ring.end(sequence),
    };
    const long = items.find(({ prompt_ids }) => prompt_ids.length > 20)!;
    const length = long.prompt_ids.length;
    const tooShort = await parts.model(listening, 1, 4, { contextLength: length });
    expect(tooShort.info.contextLength).toBe(length);
    await expect(answerIds(tooShort, long.messages)).rejects.toMatchObject({ code: "context-exceeded" });
    expect(asked).toEqual([]);
    const barely = await parts.model(listening, 1, 4, { contextLength: length + 2 });
    expect(await answerIds(barely, long.messages)).toEqual(long.completion_ids.slice(0, 2));
    expect(Math.max(...asked)).toBeLessThanOrEqual(length + 2);
    const generous = await parts.model(listening, 1, 4, { contextLength: 1_000_000 });
    expect(generous.info.contextLength).toBe(1024);
  });

  it("reports the time of a token in decoding and in a prompt", async () => {
    const { info } = await parts.stage(0, 6);
    expect(info.decodeMs).toBeGreaterThan(0);
    expect(info.prefillMs).toBeGreaterThan(0);
  });

  it("continues after a stage has dropped a sequence for others, and never exceeds the agreed number of sequences", async () => {
    const stage = await parts.stage(0, 6, { sequences: 2 });
    const model = await parts.model(stage, 0, 6);
    const three = items.slice(0, 3);
    expect(await Promise.all(three.map((item) => answerIds(model, item.messages)))).toEqual(
      three.map((item) => item.completion_ids.slice(0, -1)),
    );
    expect(stage.held.sequences).toBe(2);
    const step = { sequence: "x", keep: 0, count: 1, hidden: [] };
    const signal = new AbortController().signal;
    await expect(stage.forward(step, { signal })).rejects.toMatchObject({ code: "peer-protocol" });
    await expect(stage.forward({ ...step, count: 999 }, { signal })).rejects.toMatchObject({ code: "stage-refused" });
    await expect(stage.forward({ ...step, keep: 2_000 }, { signal })).rejects.toMatchObject({ code: "stage-refused" });
    expect(stage.held.sequences).toBe(2);
  });

  it("produces the same text with guesses as without, in fewer steps if the text repeats itself", async () => {
    const counted = counting(ring);
    const ask = { role: "user", content: "Tell me a story about a robot" } as const;
    const story = goldenItems().find(({ messages: [first] }) => first?.content === ask.content)!.completion;
    const messages = [ask, { role: "assistant", content: story }, ask] as const;
    const [plain, guessing] = [await parts.model(counted, 1, 4), await parts.model(counted, 1, 4, { maxDraft: 8 })];
    const expected = await answerIds(plain, messages);
    const plainSteps = counted.counts.splice(0).length;
    expect(await answerIds(guessing, messages)).toEqual(expected);
    expect(counted.counts.length).toBeLessThan(0.7 * plainSteps);
    // Wrong guesses leave no trace in the conversation: its next turn is the same, too.
    const next = [...messages, { role: "assistant", content: "Once." }, { role: "user", content: "Go on" }] as const;
    expect(await answerIds(guessing, next)).toEqual(await answerIds(plain, next));
    for (const item of items) {
      expect(await answerIds(guessing, item.messages)).toEqual(item.completion_ids.slice(0, -1));
    }
  });

  it("reads a sequence again if the ring has dropped it, or if its result was damaged", async () => {
    let steps = 0;
    const faulty: StageService = {
      forward: async (step, options) => {
        const hidden = await ring.forward(step, options);
        steps++;
        // Once in the middle of the prompt, once in the middle of the answer.
        if (steps === 2) ring.end(step.sequence);
        return steps === 6 ? spoiled(hidden) : hidden;
      },
      end: (sequence) => ring.end(sequence),
    };
    const model = await parts.model(faulty, 1, 4);
    const item = items.find(({ prompt_ids }) => prompt_ids.length > 20)!;
    expect(await answerIds(model, item.messages)).toEqual(item.completion_ids.slice(0, -1));
    expect(steps).toBeGreaterThan(8);
  });
});

describe("a small model that guesses for a pipeline", () => {
  const parts = new GuideParts();
  const story = goldenItems().reduce((a, b) => (b.completion_ids.length > a.completion_ids.length ? b : a));
  const expected = story.completion_ids.slice(0, -1);
  /** So hot that chance decides most tokens. */
  const hot = { sampling: { temperature: 2, topK: 200, topP: 0.98, minP: 0, repetitionPenalty: 1.1 }, seed: 7 };
  let ring: ReturnType<typeof counting>;
  let plain: LoadedModel;
  beforeAll(async () => {
    ring = counting(await parts.stage(1, 5));
    plain = await parts.model(ring, 1, 5);
    await parts.whole({ ...guidePackage(), id: "small" });
    await parts.whole({ ...randomPackage({ seed: 3, attention: "grouped", positionIds: false }), id: "bad" });
  });
  beforeEach(() => void ring.counts.splice(0));

  it("saves most steps if it agrees with the large model, greedy or sampled, and does not change the answer", async () => {
    const guessing = await parts.model(ring, 1, 5, { maxDraft: 8 });
    const draft = "small";
    expect(await answerIds(guessing, story.messages, undefined, { draft })).toEqual(expected);
    expect(ring.counts.splice(0).length).toBeLessThan(expected.length / 4);
    const sampled = await answerIds(plain, story.messages, undefined, { ...hot, maxTokens: 60 });
    const plainSteps = ring.counts.splice(0).length;
    expect(await answerIds(guessing, story.messages, undefined, { ...hot, maxTokens: 60, draft })).toEqual(sampled);
    expect(ring.counts.length).toBeLessThan(plainSteps / 3);
    expect(sampled).not.toEqual(expected.slice(0, 60));
  });

  it("is no longer asked if it disagrees with the large model, and does not change the answer", async () => {
    const guessing = await parts.model(ring, 1, 5, { maxDraft: 8 });
    const guesses = () => ring.counts.splice(0).filter((count) => count > 1 && count < STEP_TOKENS).length;
    await answerIds(guessing, story.messages);
    const lookedUp = guesses();
    const draft = "bad";
    expect(await answerIds(guessing, story.messages, undefined, { draft })).toEqual(expected);
    const more = guesses() - lookedUp;
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThan(10);
    for (const item of shortItems()) {
      const ids = await answerIds(guessing, item.messages, undefined, { draft });
      expect(ids).toEqual(item.completion_ids.slice(0, -1));
    }
  });

  it("may be unloaded in the middle of an answer, or be missing", async () => {
    const fleeting = await parts.whole({ ...guidePackage(), id: "fleeting" });
    const guessing = await parts.model(ring, 1, 5, { maxDraft: 8 });
    let unloaded: Promise<void> | undefined;
    const onToken = (count: number) => void (count > 30 && (unloaded ??= fleeting.unload()));
    const draft = "fleeting";
    expect(await answerIds(guessing, story.messages, onToken, { draft })).toEqual(expected);
    expect(ring.counts.filter((count) => count > 1).length).toBeGreaterThan(3);
    await unloaded;
    expect(await answerIds(guessing, story.messages, undefined, { draft })).toEqual(expected);
  });

  it("is not asked if the large model cannot take tokens back", async () => {
    const steady = await parts.model(ring, 1, 5, { maxDraft: 0 });
    expect(await answerIds(steady, story.messages, undefined, { draft: "small" })).toEqual(expected);
    const prompt = Math.ceil(story.prompt_ids.length / STEP_TOKENS);
    expect(ring.counts.slice(prompt)).toEqual(new Array(expected.length).fill(1));
  });

  it("guesses for two answers at once, and answers a request of its own meanwhile", async () => {
    const guessing = await parts.model(ring, 1, 5, { maxDraft: 8 });
    const small = await parts.whole({ ...guidePackage(), id: "small" });
    const [item] = shortItems();
    const answers = await Promise.all([
      answerIds(guessing, story.messages, undefined, { draft: "small" }),
      answerIds(guessing, item!.messages, undefined, { draft: "small" }),
      answerIds(small, item!.messages),
    ]);
    const short = item!.completion_ids.slice(0, -1);
    expect(answers).toEqual([expected, short, short]);
  });
});

function spoiled(hidden: HiddenState): HiddenState {
  return hidden.map((tensor) => ({ ...tensor, bytes: tensor.bytes.map(() => 255) }));
}
