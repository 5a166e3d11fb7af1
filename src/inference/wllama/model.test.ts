import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ChatTokenizer } from "../tokenizer";
import type { GenerationEvent, GenerationRequest, LoadedModelInfo, RequestedSampling } from "../types";
import { WllamaModel } from "./model";
import { LlamaRunner } from "./runner";
import { END, FakeLlama, VOCABULARY } from "./testing/fake-llama";

const GREEDY = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
const live = (): AbortSignal => new AbortController().signal;
let tokenizer: ChatTokenizer;

beforeAll(async () => {
  const [file, config] = await Promise.all(
    ["tokenizer.json", "tokenizer_config.json"].map((name) => readFile(`public/models/guide/${name}`, "utf8")),
  );
  tokenizer = await ChatTokenizer.parse({ tokenizer: file!, config, template: undefined });
});

function loaded(llama = new FakeLlama()): { llama: FakeLlama; model: WllamaModel } {
  const info: LoadedModelInfo = {
    ...{ id: "m", name: "M", packageHash: "p", tokenizerHash: tokenizer.hash, engine: "wllama", backend: "wasm" },
    ...{ contextLength: 512, prefillRate: 1, decodeRate: 1, prefillChunk: 64, kvInPlace: true },
  };
  const runner = new LlamaRunner(llama, VOCABULARY);
  return {
    llama,
    model: new WllamaModel({ info, tokenizer, runner, endIds: new Set([END]), end: () => llama.ends++ }),
  };
}

function request(patch: Partial<GenerationRequest> = {}): GenerationRequest {
  return { model: "m", messages: [{ role: "user", content: "Hello" }], sampling: GREEDY, maxTokens: 12, ...patch };
}

async function gather(stream: AsyncIterable<GenerationEvent>) {
  const events: GenerationEvent[] = [];
  for await (const event of stream) events.push(event);
  const tokens = events.filter((event) => event.type === "token");
  return { events, tokens, ids: tokens.flatMap(({ ids }) => [...ids]) };
}

const answer = async (patch: Partial<GenerationRequest> = {}, llama?: FakeLlama) => {
  const { model, llama: used } = loaded(llama);
  return { ...(await gather(model.generate(request(patch), { signal: live() }))), llama: used };
};

/** Gives all logits, whatever is asked for. */
class Generous extends FakeLlama {
  override getLogits(): Promise<{ token: number; p: number }[]> {
    return super.getLogits(VOCABULARY);
  }
}

describe("WllamaModel", () => {
  it.each<RequestedSampling>([
    { temperature: 0 },
    { temperature: 1.4, topK: 20 },
    { temperature: 1.4, topK: 40, topP: 0.9, minP: 0.02 },
    { temperature: 3, topK: 5, repetitionPenalty: 1.3 },
    { temperature: 3, topK: 5, presencePenalty: 1.5, frequencyPenalty: 1 },
    { temperature: 0, repetitionPenalty: 3 },
    { temperature: 0, presencePenalty: 2, frequencyPenalty: 2 },
  ])("chooses with %o among few tokens as among all", async (chosen) => {
    const sampling = { ...GREEDY, ...chosen };
    for (let seed = 0; seed < 5; seed++) {
      for (const stubborn of [false, true]) {
        const few = await answer({ sampling, seed, maxTokens: 30 }, Object.assign(new FakeLlama(), { stubborn }));
        const all = await answer({ sampling, seed, maxTokens: 30 }, Object.assign(new Generous(), { stubborn }));
        expect(few.ids).toHaveLength(30);
        expect(few.ids).toEqual(all.ids);
        expect(Math.max(0, ...few.llama.asked)).toBeLessThan(VOCABULARY / 2);
      }
    }
  });

  it.each<[string, Partial<GenerationRequest>]>([
    ["no filter", { sampling: { ...GREEDY, temperature: 1 } }],
    ["a reward for repetitions", { sampling: { ...GREEDY, presencePenalty: -1 } }],
    ["a bias", { logitBias: [[5, 3]] }],
    ["logarithms of probabilities", { logprobs: 2 }],
    ["a format", { format: { type: "json" }, maxTokens: 80 }],
  ])("needs all logits for %s", async (_, patch) => {
    const { llama } = await answer(patch);
    expect(new Set(llama.asked)).toEqual(new Set([VOCABULARY]));
  });

  it("goes on by ids with the tokens that one answer would have", async () => {
    const sampling = { ...GREEDY, temperature: 1.5, topK: 30 };
    const whole = await answer({ sampling, seed: 4 });
    const ids = whole.ids.slice(0, 5);
    const made = { packageHash: "p", tokenizerHash: tokenizer.hash, engine: "wllama", backend: "wasm" } as const;
    const resume = { ...made, ids, idsInText: ids.length, text: tokenizer.decode(ids) };
    const rest = await answer({ sampling, seed: 4, resume });
    expect([...ids, ...rest.ids]).toEqual(whole.ids);
  });

  it("answers in the form that is asked for", async () => {
    const schema = '{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}';
    const { tokens } = await answer({ format: { type: "schema", schema }, maxTokens: 60 });
    const text = tokens.map((token) => token.text).join("");
    expect(JSON.parse(text)).toHaveProperty("a", expect.any(Boolean));
  });

  it("tells the logarithms of probabilities", async () => {
    const { tokens } = await answer({ logprobs: 2 });
    const [first] = tokens.flatMap(({ logprobs = [] }) => logprobs);
    expect(first!.top).toHaveLength(2);
    expect(first!.logprob).toBe(first!.top[0]!.logprob);
    expect(first!.logprob).toBeLessThan(0);
  });

  it("answers one request after another, in order", async () => {
    const { model } = loaded();
    const streams = [1, 2, 3].map((seed) => gather(model.generate(request({ seed }), { signal: live() })));
    const [one, two, three] = await Promise.all(streams);
    expect(one!.ids).toEqual(two!.ids);
    expect(two!.events[0]).toMatchObject({ type: "queued", position: 1 });
    expect(three!.events[0]).toMatchObject({ type: "queued", position: 2 });
  });

  it("stops within a token, and answers the next request", async () => {
    const { model, llama } = loaded();
    const controller = new AbortController();
    const cut = gather(model.generate(request({ maxTokens: 100 }), { signal: controller.signal }));
    llama.onStep = () => llama.calls.length === 4 && controller.abort();
    await expect(cut).rejects.toMatchObject({ name: "AbortError" });
    expect(llama.calls).toHaveLength(4);
    expect((await gather(model.generate(request(), { signal: live() }))).ids).toHaveLength(12);
  });

  it("explains an error of llama.cpp, and ends its worker with the model", async () => {
    const { model, llama } = loaded();
    llama.failure = new Error("Received abort signal from llama.cpp; Message: OOM");
    await expect(gather(model.generate(request(), { signal: live() }))).rejects.toMatchObject({
      code: "out-of-memory",
    });
    await model.unload();
    expect(llama.ends).toBe(1);
  });
});
