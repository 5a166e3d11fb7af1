import { describe, expect, it } from "vitest";
import { LlamaRunner } from "./runner";
import { FakeLlama, VOCABULARY } from "./testing/fake-llama";

const live = (): AbortSignal => new AbortController().signal;

function runner() {
  const llama = new FakeLlama();
  const made = new LlamaRunner(llama, VOCABULARY);
  const read = async (ids: readonly number[], asker?: string, candidates?: number) => {
    const { logits, cachedTokens } = await made.prefill(ids, { asker, candidates, signal: live() });
    return { logits: [...logits], cachedTokens };
  };
  return { llama, made, read };
}

describe("LlamaRunner", () => {
  it("feeds only the tokens behind those that the cache begins with", async () => {
    const { llama, made, read } = runner();
    await read([1, 2, 3]);
    await made.decode(4, undefined);
    expect(await read([1, 2, 3, 4, 5, 6])).toMatchObject({ cachedTokens: 4 });
    expect(llama.calls.at(-1)).toEqual([5, 6]);
    // An edited last message keeps what is before it.
    const edited = await read([1, 2, 3, 9, 9]);
    expect(edited.cachedTokens).toBe(3);
    expect(llama.calls.at(-1)).toEqual([9, 9]);
    expect(edited.logits).toEqual((await runner().read([1, 2, 3, 9, 9])).logits);
  });

  it("reads the last token of a known prompt again", async () => {
    const { llama, read } = runner();
    const { logits } = await read([1, 2, 3]);
    expect(await read([1, 2, 3])).toEqual({ logits, cachedTokens: 2 });
    expect(llama.calls.at(-1)).toEqual([3]);
  });

  it("starts again for a model whose state cannot go back", async () => {
    const { llama, read } = runner();
    llama.canGoBack = false;
    await read([1, 2, 3]);
    expect(await read([1, 2, 3, 4])).toMatchObject({ cachedTokens: 3 });
    const edited = await read([1, 2, 9]);
    expect(edited).toEqual({ ...(await runner().read([1, 2, 9])), cachedTokens: 0 });
  });

  it("starts again for another asker, who must not learn what was asked before", async () => {
    const { read } = runner();
    await read([1, 2, 3]);
    expect(await read([1, 2, 3, 4], "did:key:mallory")).toMatchObject({ cachedTokens: 0 });
    expect(await read([1, 2, 3, 4, 5], "did:key:mallory")).toMatchObject({ cachedTokens: 4 });
    expect(await read([1, 2, 3, 4, 5, 6])).toMatchObject({ cachedTokens: 0 });
  });

  it("starts again after an error, when nobody knows what the cache holds", async () => {
    const { llama, made, read } = runner();
    await read([1, 2, 3]);
    llama.failure = new Error("broken");
    await expect(made.decode(4, undefined)).rejects.toThrow("broken");
    llama.failure = undefined;
    expect(await read([1, 2, 3, 4])).toEqual({ ...(await runner().read([1, 2, 3, 4])), cachedTokens: 0 });
  });

  it("feeds long prompts in pieces and stops between them", async () => {
    const { llama, made, read } = runner();
    const ids = Array.from({ length: 300 }, (_, index) => index);
    const controller = new AbortController();
    llama.onStep = () => controller.abort();
    const stopped = made.prefill(ids, { asker: undefined, candidates: 1, signal: controller.signal });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    expect(llama.calls).toHaveLength(1);
    const first = llama.calls[0]!.length;
    expect(await read(ids)).toMatchObject({ cachedTokens: first });
    expect(llama.calls.slice(1).flat()).toEqual(ids.slice(first));
  });

  it("asks for the likeliest tokens only where no other can be chosen", async () => {
    const { llama, read } = runner();
    const all = await read([1, 2, 3]);
    const few = await read([1, 2, 3], undefined, 40);
    expect(llama.asked).toEqual([VOCABULARY, 40]);
    const finite = few.logits.flatMap((value, id) => (Number.isFinite(value) ? id : []));
    expect(finite).toHaveLength(40);
    for (const id of finite) expect(few.logits[id]).toBe(all.logits[id]);
    const least = Math.min(...finite.map((id) => all.logits[id]!));
    expect(all.logits.filter((value) => value > least)).toHaveLength(39);
    await read([1, 2, 3], undefined, 10 * VOCABULARY);
    expect(llama.asked.at(-1)).toBe(VOCABULARY);
  });

  it("lets llama.cpp name the likeliest token where it is the only candidate", async () => {
    const { llama, made, read } = runner();
    const { logits } = await read([1, 2, 3]);
    const best = logits.indexOf(Math.max(...logits));
    const one = await read([1, 2, 3], undefined, 1);
    expect(one.logits.flatMap((value, id) => (Number.isFinite(value) ? id : []))).toEqual([best]);
    await made.decode(best, 1);
    expect({ asked: llama.asked, inits: llama.inits }).toEqual({ asked: [VOCABULARY], inits: 1 });
  });

  it.each([1, 40])("asks for the next of %i candidates before a token has been read", async (candidates) => {
    const { llama, made, read } = runner();
    await read([1, 2, 3], undefined, candidates);
    const logits = [...(await made.decode(4, candidates))];
    expect(llama.mostAtOnce).toBe(2);
    expect(logits).toEqual((await runner().read([1, 2, 3, 4], undefined, candidates)).logits);
  });

  it("refuses results that are not numbers", async () => {
    const { llama, read } = runner();
    llama.getLogits = () => Promise.resolve([{ token: 1, p: Number.NaN }]);
    await expect(read([1])).rejects.toMatchObject({ code: "wrong-results" });
  });
});
