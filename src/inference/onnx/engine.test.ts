/** The engine on the real guide model, on ONNX Runtime's WASM build in Node. */
import { beforeAll, describe, expect, it } from "vitest";
import { goldenItems, guidePackage, nodeOrt } from "../testing/node";
import type { ChatMessage, GenerationEvent, GenerationRequest, LoadedModel, Sampling } from "../types";
import { OnnxEngine } from "./engine";

const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
/** So hot that every token is chance: this model is sure of itself, and chance that decides nothing tests nothing. */
const HOT: Sampling = { temperature: 4, topK: 500, topP: 0.98, minP: 0, repetitionPenalty: 1.1 };
const signal = new AbortController().signal;

function request(messages: readonly ChatMessage[], more: Partial<GenerationRequest> = {}): GenerationRequest {
  return { model: "guide", messages, sampling: GREEDY, maxTokens: 200, ...more };
}

async function collect(events: AsyncIterable<GenerationEvent>) {
  const all: GenerationEvent[] = [];
  for await (const event of events) all.push(event);
  const tokens = all.filter((event) => event.type === "token");
  return {
    all,
    text: tokens.map((event) => event.text).join(""),
    ids: tokens.flatMap((event) => [...event.ids]),
    done: all.find((event) => event.type === "done"),
  };
}

const STORY = [{ role: "user", content: "Tell me a story about a robot" }] as const;
const engine = new OnnxEngine({ loadRuntime: nodeOrt });

function load(): Promise<LoadedModel> {
  return engine.load(guidePackage(), { signal, backend: "wasm", onProgress: () => undefined });
}

describe("the onnx engine on the guide model", () => {
  let model: LoadedModel;
  beforeAll(async () => {
    model = await load();
  });

  it("trusts the whole check prompt in one chunk and measures its rates", () => {
    expect(model.info).toMatchObject({ prefillChunk: 48, kvInPlace: false, backend: "wasm", contextLength: 1024 });
    expect(model.info.decodeRate).toBeGreaterThan(0);
    expect(model.info.prefillRate).toBeGreaterThan(0);
  });

  // All twenty run in the browser; here the quick ones.
  it.each(
    goldenItems()
      .filter((item) => item.completion_ids.length < 16)
      .map((item) => [item.messages.at(-1)?.content, item] as const),
  )("answers %j as the reference does", async (_, item) => {
    const { text, ids, done } = await collect(model.generate(request(item.messages), { signal }));
    expect(ids).toEqual(item.completion_ids.slice(0, -1));
    expect(text).toBe(item.completion);
    expect(done).toMatchObject({
      finishReason: "stop",
      usage: { promptTokens: item.prompt_ids.length, completionTokens: ids.length },
    });
  });

  it("computes the reference's probabilities for the first token", async () => {
    const item = goldenItems()[0];
    if (!item) throw new Error("no golden item");
    const { all } = await collect(model.generate(request(item.messages, { maxTokens: 1, logprobs: 5 }), { signal }));
    const first = all.find((event) => event.type === "token")?.logprobs?.[0];
    expect(first?.top.map((top) => top.id)).toEqual(item.first_step_top5.map(([id]) => id));
    // Differences of logits are differences of log probabilities.
    const [best, second] = item.first_step_top5;
    expect((first?.top[0]?.logprob ?? 0) - (first?.top[1]?.logprob ?? 0)).toBeCloseTo(
      (best?.[1] ?? 0) - (second?.[1] ?? 0),
      3,
    );
    expect(first?.logprob).toBe(first?.top[0]?.logprob);
  });

  it("reuses the part of a conversation that it has read, and gives the same answer", async () => {
    const ask = { role: "user", content: "What is a peer?" } as const;
    const first = await collect(model.generate(request([ask]), { signal }));
    const messages = [
      ask,
      { role: "assistant", content: first.text },
      { role: "user", content: "and what is a token" },
    ] as const;
    const warm = await collect(model.generate(request(messages), { signal }));
    const cold = await collect((await load()).generate(request(messages), { signal }));
    expect(warm.done).toMatchObject({
      usage: { cachedTokens: expect.toSatisfy((count: number) => count > first.ids.length) as unknown },
    });
    expect(cold.done).toMatchObject({ usage: { cachedTokens: 0 } });
    expect(warm.ids).toEqual(cold.ids);
  });

  it("samples the same answer with the same seed, another one with another seed, and reports the chosen tokens", async () => {
    const ask = (seed: number) =>
      collect(model.generate(request(STORY, { sampling: HOT, seed, maxTokens: 24, logprobs: 2 }), { signal }));
    const [one, again, other] = [await ask(1), await ask(1), await ask(2)];
    expect(again.ids).toEqual(one.ids);
    expect(other.ids).not.toEqual(one.ids);
    const logprobs = one.all.flatMap((event) => (event.type === "token" ? [...(event.logprobs ?? [])] : []));
    expect(logprobs.map((entry) => entry.id)).toEqual(one.ids);
  });

  it.each([
    ["greedy", GREEDY],
    ["sampled with a seed", HOT],
  ] as const)("continues an answer from every position as if it had not been interrupted, %s", async (_, sampling) => {
    const base = request(STORY, { sampling, seed: 5, maxTokens: 20 });
    const whole = await collect(model.generate(base, { signal }));
    const { packageHash, tokenizerHash, engine, backend } = model.info;
    for (let cut = 0; cut <= whole.ids.length; cut++) {
      const ids = whole.ids.slice(0, cut);
      const text = tokenText(whole.all, cut);
      if (text === undefined) continue; // not a border of events: nobody can have received exactly this
      const resume = { packageHash, tokenizerHash, engine, backend, ids, idsInText: cut, text };
      const rest = await collect(model.generate({ ...base, resume }, { signal }));
      expect(text + rest.text).toBe(whole.text);
      expect([...ids, ...rest.ids]).toEqual(whole.ids);
      expect(rest.done).toMatchObject({ finishReason: whole.done?.finishReason });
    }
  });

  it("continues a text that ends inside a token, and a text of another tokenizer", async () => {
    const base = request(STORY, { maxTokens: 16 });
    const whole = await collect(model.generate(base, { signal }));
    const { packageHash, tokenizerHash, engine, backend } = model.info;
    for (let cut = 0; cut < whole.text.length; cut += 7) {
      const text = whole.text.slice(0, cut);
      const idsInText = whole.ids.findLastIndex((_, count) => (tokenText(whole.all, count)?.length ?? cut + 1) <= cut);
      const sameIds = { packageHash, tokenizerHash, engine, backend, ids: whole.ids, idsInText, text };
      const byIds = await collect(model.generate({ ...base, resume: sameIds }, { signal }));
      expect(text + byIds.text).toBe(whole.text);
      const foreign = { ...sameIds, tokenizerHash: "another", ids: [1, 2, 3], idsInText: 3 };
      const byText = await collect(model.generate({ ...base, resume: foreign }, { signal }));
      expect(whole.text.startsWith(text)).toBe(true);
      expect(byText.done).toBeDefined();
    }
  });

  it("stops at a stop string that spans tokens, and never shows a part of it", async () => {
    const whole = await collect(model.generate(request(STORY, { maxTokens: 20 }), { signal }));
    for (const at of [5, 17, 40]) {
      const stop = whole.text.slice(at, at + 9);
      const { all, text, done } = await collect(
        model.generate(request(STORY, { stop: [stop], maxTokens: 20 }), { signal }),
      );
      expect(text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
      expect(done).toMatchObject({ finishReason: "stop" });
      expect(all.at(-1)).toBe(done);
    }
  });

  it("ends at the token limit", async () => {
    const { ids, done } = await collect(model.generate(request(STORY, { maxTokens: 7 }), { signal }));
    expect(ids).toHaveLength(7);
    expect(done).toMatchObject({ finishReason: "length", usage: { completionTokens: 7 } });
  });

  it("refuses a conversation beyond its context, with both numbers", async () => {
    const messages = [{ role: "user", content: "word ".repeat(1200) }] as const;
    await expect(collect(model.generate(request(messages), { signal }))).rejects.toMatchObject({
      code: "context-exceeded",
      message: expect.stringMatching(/\d{4} tokens.*1024/) as unknown,
    });
  });

  it("leaves out the oldest messages beyond its context if it may, and answers as if they had not been there", async () => {
    const alone = await collect(model.generate(request(STORY), { signal }));
    const before = { role: "user", content: "word ".repeat(1100) } as const;
    const messages = [before, { role: "assistant", content: "Yes." } as const, ...STORY];
    const { all, text } = await collect(model.generate(request(messages, { shorten: true }), { signal }));
    expect(all.slice(0, 2)).toEqual([{ type: "accepted" }, { type: "shortened", messages: 2 }]);
    expect(text).toBe(alone.text);
  });

  it("serves several requests in turn, each as if alone", async () => {
    const items = goldenItems().slice(2, 5);
    const order: number[] = [];
    const answers = await Promise.all(
      items.map(async (item, index) => {
        const ids: number[] = [];
        for await (const event of model.generate(request(item.messages), { signal })) {
          if (event.type !== "token") continue;
          order.push(index);
          ids.push(...event.ids);
        }
        return ids;
      }),
    );
    expect(answers).toEqual(items.map((item) => item.completion_ids.slice(0, -1)));
    // While all three run, nobody gets two tokens in a row; the first has begun while the others' prompts were read.
    const begun = Math.max(...items.map((_, index) => order.indexOf(index)));
    const together = order.slice(begun, begun + 24);
    expect(new Set(together).size).toBe(3);
    expect(together.filter((index, at) => index === together[at + 1])).toEqual([]);
  });

  it.each(["abort", "leave"] as const)("stops on %s and answers the next request", async (how) => {
    const controller = new AbortController();
    const events: GenerationEvent[] = [];
    const run = (async () => {
      for await (const event of model.generate(request(STORY), { signal: controller.signal })) {
        events.push(event);
        if (events.length === 3 && how === "leave") break;
        if (events.length === 3) controller.abort();
      }
    })();
    if (how === "abort") await expect(run).rejects.toThrow(controller.signal.reason as Error);
    else await run;
    expect(events).toHaveLength(3);
    expect((await collect(model.generate(request(STORY, { maxTokens: 3 }), { signal }))).ids).toHaveLength(3);
  });

  it("does not start if the signal has already aborted", async () => {
    await expect(collect(model.generate(request(STORY), { signal: AbortSignal.abort() }))).rejects.toThrow("aborted");
  });

  it("ends running answers when it is unloaded", async () => {
    const other = await load();
    const run = (async () => {
      for await (const event of other.generate(request(STORY), { signal }))
        if (event.type === "token") void other.unload();
    })();
    await expect(run).rejects.toMatchObject({ code: "model-not-loaded" });
    await other.unload();
  });
});

/** The text of the first `count` ids, where an event ends there. */
function tokenText(events: readonly GenerationEvent[], count: number): string | undefined {
  let ids = 0;
  let text = "";
  for (const event of events) {
    if (ids === count) return text;
    if (event.type !== "token") continue;
    ids += event.ids.length;
    text += event.text;
  }
  return ids === count ? text : undefined;
}
