/** The engine on random models of the families that keep more than keys and values between runs. */
import { describe, expect, it } from "vitest";
import type { DecoderShape } from "../testing";
import { FAMILIES } from "../testing/families";
import { decoderPackage, nodeOrt } from "../testing/node";
import type { ChatMessage, GenerationRequest, LoadedModel } from "../types";
import { OnnxEngine } from "./engine";

const signal = new AbortController().signal;
const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1.3 };
const user = (content: string): ChatMessage => ({ role: "user", content });

function load(shape: DecoderShape): Promise<LoadedModel> {
  const engine = new OnnxEngine({ loadRuntime: nodeOrt });
  return engine.load(decoderPackage(shape), { signal, backend: "wasm", onProgress: () => undefined });
}

async function answer(
  model: LoadedModel,
  messages: readonly ChatMessage[],
  more: Partial<Pick<GenerationRequest, "maxTokens" | "resume">> = {},
) {
  const ids: number[] = [];
  let [text, cachedTokens, promptTokens] = ["", -1, -1];
  const request = { model: "random", messages, sampling, maxTokens: 8, ...more };
  for await (const event of model.generate(request, { signal })) {
    if (event.type === "token") {
      ids.push(...event.ids);
      text += event.text;
    } else if (event.type === "done") ({ cachedTokens, promptTokens } = event.usage);
  }
  return { ids, text, cachedTokens, promptTokens };
}

describe("models with state of fixed size", () => {
  it.each(Object.entries(FAMILIES))("with %s keep exact prefixes of a conversation only", async (_, shape) => {
    const model = await load(shape);
    const question = [user("tell me of the sea")];
    const first = await answer(model, question);
    expect(new Set(first.ids).size).toBeGreaterThan(4);
    // The same again would have to go back, so all of it is read again, and gives the same.
    const again = await answer(model, question);
    expect(again).toEqual(first);
    expect(again.cachedTokens).toBe(0);
    // An answer that was cut off continues with the very state that was kept.
    const { packageHash, tokenizerHash, engine, backend } = model.info;
    const { ids, text } = await answer(model, question, { maxTokens: 5 });
    const resume = { packageHash, tokenizerHash, engine, backend, ids, idsInText: ids.length, text };
    const rest = await answer(model, question, { resume });
    expect([...ids, ...rest.ids]).toEqual(first.ids);
    expect(rest.cachedTokens).toBe(first.promptTokens);
    const conversation = [...question, { role: "assistant", content: first.text } as const, user("and more")];
    const next = await answer(model, conversation);
    const fresh = await load(shape);
    const expected = await answer(fresh, conversation);
    expect(expected.cachedTokens).toBe(0);
    expect(next.ids).toEqual(expected.ids);
    await fresh.unload();
    await model.unload();
  });
});
