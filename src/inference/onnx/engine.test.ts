/** The engine on the real guide model, on ONNX Runtime's WASM build in Node. */
import { beforeAll, describe, expect, it } from "vitest";
import { goldenItems, guidePackage, nodeOrt } from "../testing/node";
import type { ChatMessage, GenerationEvent, GenerationRequest, LoadedModel, Sampling } from "../types";
import { OnnxEngine } from "./engine";

const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
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

describe("the onnx engine on the guide model", () => {
  let model: LoadedModel;
  beforeAll(async () => {
    const engine = new OnnxEngine({ loadRuntime: nodeOrt });
    model = await engine.load(guidePackage(), { signal, backend: "wasm", onProgress: () => undefined });
  });

  it("trusts the whole check prompt in one chunk and measures its rates", () => {
    console.log(model.info);
    expect(model.info).toMatchObject({ prefillChunk: 48, kvInPlace: false, backend: "wasm", contextLength: 1024 });
    expect(model.info.decodeRate).toBeGreaterThan(0);
  });

  it.each(goldenItems().map((item) => [item.messages.at(-1)?.content, item] as const))("answers %j as the reference does", async (_, item) => {
    const { text, ids, done } = await collect(model.generate(request(item.messages), { signal }));
    expect(ids).toEqual(item.completion_ids.slice(0, -1));
    expect(text).toBe(item.completion);
    expect(done).toMatchObject({ finishReason: "stop", usage: { promptTokens: item.prompt_ids.length, completionTokens: ids.length } });
  });
});
