import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ChatTokenizer } from "../tokenizer";
import type { GenerationEvent, GenerationRequest, LoadedModelInfo } from "../types";
import { parseChatConfig } from "./config";
import { WebLlmModel } from "./model";
import { END, FakeLibrary } from "./testing/fake-library";
import { TokenRunner } from "./runner";

const CONTEXT = 256;
const { conv_template: template } = parseChatConfig(
  JSON.stringify({
    conv_template: {
      system_template: "{system_message}",
      roles: { user: "<|im_start|>user", assistant: "<|im_start|>assistant" },
      seps: ["<|im_end|>\n"],
      stop_token_ids: [END],
    },
    tokenizer_files: ["tokenizer.json"],
  }),
  "test",
);

let tokenizer: ChatTokenizer;

beforeAll(async () => {
  const text = await readFile("public/models/guide/tokenizer.json", "utf8");
  tokenizer = await ChatTokenizer.parse({ tokenizer: text, config: undefined, template: undefined });
});

function loaded(
  library = new FakeLibrary(),
  chat?: LoadedModelInfo["chat"],
  contextLength = CONTEXT,
): { library: FakeLibrary; model: WebLlmModel } {
  const info: LoadedModelInfo = {
    id: "m",
    name: "M",
    packageHash: "p",
    tokenizerHash: tokenizer.hash,
    engine: "webllm",
    backend: "webgpu",
    contextLength,
    prefillRate: 1,
    decodeRate: 1,
    prefillChunk: 1,
    kvInPlace: true,
    ...(chat && { chat }),
  };
  return {
    library,
    model: new WebLlmModel({ info, template, tokenizer, runner: new TokenRunner(library, "m", library.tap) }),
  };
}

function request(patch: Partial<GenerationRequest> = {}): GenerationRequest {
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  return { model: "m", messages: [{ role: "user", content: "Hello" }], sampling, maxTokens: 12, ...patch };
}

const live = (): AbortSignal => new AbortController().signal;

async function gather(
  stream: AsyncIterable<GenerationEvent>,
): Promise<{ text: string; ids: number[]; events: GenerationEvent[] }> {
  const events: GenerationEvent[] = [];
  for await (const event of stream) events.push(event);
  const tokens = events.filter((event) => event.type === "token");
  return { events, text: tokens.map((event) => event.text).join(""), ids: tokens.flatMap((event) => [...event.ids]) };
}

describe("WebLlmModel", () => {
  it("calls a tool, or answers in the form that is asked for", async () => {
    const { model } = loaded(undefined, undefined, 2048);
    const schema = '{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}';
    const asked = { tools: [{ name: "stop" }], parallelToolCalls: false, format: { type: "schema", schema } } as const;
    const sampling = { ...request().sampling, temperature: 2 };
    const answers = new Set<string>();
    for (let seed = 0; seed < 8; seed++) {
      const stream = model.generate(request({ ...asked, sampling, seed, maxTokens: 80 }), { signal: live() });
      answers.add((await gather(stream)).text.replace("true", "false"));
    }
    const call = '<tool_call>\n{"name": "stop", "arguments": {}}\n</tool_call>';
    expect([...answers].sort()).toEqual([call, '{"a":false}']);
  });

  it("reads an empty thought before the answer where thinking is switched off", async () => {
    const chat = { system: true, thinks: true, thinking: "switch", remembers: false } as const;
    const { library, model } = loaded(undefined, chat);
    await gather(model.generate(request(), { signal: live() }));
    await gather(model.generate(request({ template: { enable_thinking: false } }), { signal: live() }));
    const prompts = library.calls.filter((ids) => ids.length > 1).map((ids) => tokenizer.decode(ids));
    expect(prompts[0]).not.toContain("<think>");
    expect(prompts[1]?.endsWith("<think>\n\n</think>\n\n")).toBe(true);
  });

  it("gives the same greedy answer each time, with its ids", async () => {
    const { model } = loaded();
    const first = await gather(model.generate(request(), { signal: live() }));
    expect(first.ids).toHaveLength(12);
    expect(first.events.at(-1)).toMatchObject({
      type: "done",
      finishReason: "length",
      usage: { completionTokens: 12 },
    });
    expect(await gather(model.generate(request(), { signal: live() }))).toMatchObject({
      text: first.text,
      ids: first.ids,
    });
  });

  it.each([0, 1])("continues a resumed answer exactly, at temperature %d", async (temperature) => {
    const sampled = request({ seed: 5, sampling: { ...request().sampling, temperature } });
    const whole = await gather(loaded().model.generate(sampled, { signal: live() }));
    const events = whole.events.filter((event) => event.type === "token").slice(0, 4);
    const ids = events.flatMap((event) => [...event.ids]);
    const text = events.map((event) => event.text).join("");
    const point = { packageHash: "p", tokenizerHash: tokenizer.hash, engine: "webllm", backend: "webgpu" } as const;
    const resume = { ...point, ids, idsInText: ids.length, text };
    const rest = await gather(loaded().model.generate({ ...sampled, resume }, { signal: live() }));
    expect(text + rest.text).toBe(whole.text);
    expect([...ids, ...rest.ids]).toEqual(whole.ids);
  });

  it("samples according to the seed", async () => {
    const sampled = (seed: number): GenerationRequest =>
      request({ seed, sampling: { ...request().sampling, temperature: 1 } });
    const { model } = loaded();
    const first = await gather(model.generate(sampled(1), { signal: live() }));
    expect((await gather(model.generate(sampled(1), { signal: live() }))).ids).toEqual(first.ids);
    expect((await gather(model.generate(sampled(2), { signal: live() }))).ids).not.toEqual(first.ids);
  });

  it("stops before a stop string and reports why", async () => {
    const whole = await gather(loaded().model.generate(request(), { signal: live() }));
    const stop = whole.text.slice(4, 7);
    const cut = await gather(loaded().model.generate(request({ stop: [stop] }), { signal: live() }));
    expect(cut.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(cut.events.at(-1)).toMatchObject({ finishReason: "stop" });
  });

  it("reports log probabilities for every token", async () => {
    const { events, ids } = await gather(loaded().model.generate(request({ logprobs: 2 }), { signal: live() }));
    const logprobs = events.flatMap((event) => (event.type === "token" ? (event.logprobs ?? []) : []));
    expect(logprobs.map((entry) => entry.id)).toEqual(ids);
    expect(logprobs.every((entry) => entry.top.length === 2 && entry.logprob < 0)).toBe(true);
  });

  it("answers the next request right after a reader left early", async () => {
    const { model, library } = loaded();
    const whole = await gather(loaded().model.generate(request(), { signal: live() }));
    for await (const event of model.generate(request(), { signal: live() })) if (event.type === "token") break;
    const steps = library.calls.length;
    expect(steps).toBeLessThan(12);
    expect((await gather(model.generate(request(), { signal: live() }))).text).toBe(whole.text);
  });

  it("stops within one token when aborted", async () => {
    const { model, library } = loaded();
    const controller = new AbortController();
    const reading = (async () => {
      for await (const event of model.generate(request(), { signal: controller.signal })) {
        if (event.type === "token") controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    const steps = library.calls.length;
    await Promise.resolve();
    expect(library.calls).toHaveLength(steps);
  });

  it("serves requests in order and reports their positions to those that wait", async () => {
    const { model } = loaded();
    const order: string[] = [];
    const run = async (name: string): Promise<void> => {
      for await (const event of model.generate(request({ maxTokens: 2 }), { signal: live() }))
        order.push(`${name} ${event.type}`);
    };
    await Promise.all([run("a"), run("b")]);
    expect(order.indexOf("b queued")).toBeGreaterThanOrEqual(0);
    expect(order.indexOf("b token")).toBeGreaterThan(order.indexOf("a done"));
  });

  it("continues when a waiting request is aborted", async () => {
    const { model } = loaded();
    const first = model.generate(request(), { signal: live() });
    await first.next();
    for await (const event of model.generate(request(), { signal: live() })) if (event.type === "queued") break;
    await first.return();
    expect((await gather(model.generate(request({ maxTokens: 1 }), { signal: live() }))).ids).toHaveLength(1);
  });

  it("refuses a conversation that is longer than the context", async () => {
    const messages = [{ role: "user", content: "word ".repeat(CONTEXT * 2) }] as const;
    const reading = gather(loaded().model.generate(request({ messages }), { signal: live() }));
    await expect(reading).rejects.toMatchObject({ code: "context-exceeded" });
  });

  it("leaves out the oldest messages if it may, and says how many", async () => {
    const turn = [
      { role: "user", content: "word ".repeat(40) },
      { role: "assistant", content: "word ".repeat(40) },
    ] as const;
    const messages = [...turn, ...turn, ...turn, { role: "user", content: "Hello" } as const];
    const { events, ids } = await gather(
      loaded().model.generate(request({ messages, shorten: true }), { signal: live() }),
    );
    expect(events.slice(0, 2)).toMatchObject([{ type: "accepted" }, { type: "shortened" }]);
    expect(ids).toHaveLength(12);
  });

  it("reports a lost device, and starts from a clean cache afterwards", async () => {
    const { model, library } = loaded();
    library.failure = Object.assign(new Error("Model not loaded before calling."), { name: "ModelNotLoadedError" });
    await expect(gather(model.generate(request(), { signal: live() }))).rejects.toMatchObject({ code: "device-lost" });
    library.failure = undefined;
    expect((await gather(model.generate(request(), { signal: live() }))).ids).toHaveLength(12);
  });

  it("ends running answers and frees the library when it is unloaded", async () => {
    const { model, library } = loaded();
    const answer = model.generate(request(), { signal: live() });
    await answer.next();
    const unloading = model.unload();
    await expect(answer.next()).rejects.toMatchObject({ code: "model-not-loaded" });
    await unloading;
    expect(library.unloaded).toBe(true);
  });
});
