import { describe, expect, it } from "vitest";
import { TokenRunner } from "./runner";
import { FakeLibrary } from "./testing/fake-library";

const live = (): AbortSignal => new AbortController().signal;

describe("TokenRunner", () => {
  it("feeds only the new tokens of a prompt that continues the last one", async () => {
    const library = new FakeLibrary();
    const runner = new TokenRunner(library, "m", library.tap);
    await runner.prefill([1, 2, 3], { asker: undefined, signal: live() });
    await runner.decode(4);
    expect(await runner.prefill([1, 2, 3, 4, 5, 6], { asker: undefined, signal: live() })).toMatchObject({
      cachedTokens: 4,
    });
    expect(library.calls.at(-1)).toEqual([5, 6]);
    expect(library.resets).toBe(1);
  });

  it("starts again for another prompt, and for the same prompt, whose last logits are gone", async () => {
    const library = new FakeLibrary();
    const runner = new TokenRunner(library, "m", library.tap);
    const first = await runner.prefill([1, 2, 3], { asker: undefined, signal: live() });
    await runner.prefill([1, 9], { asker: undefined, signal: live() });
    expect(await runner.prefill([1, 2, 3], { asker: undefined, signal: live() })).toEqual({
      ...first,
      cachedTokens: 0,
    });
    expect(await runner.prefill([1, 2, 3], { asker: undefined, signal: live() })).toEqual({
      ...first,
      cachedTokens: 0,
    });
    expect(library.resets).toBe(4);
  });

  it("starts again for another asker, who must not learn what was asked before", async () => {
    const library = new FakeLibrary();
    const runner = new TokenRunner(library, "m", library.tap);
    await runner.prefill([1, 2, 3], { asker: undefined, signal: live() });
    expect(await runner.prefill([1, 2, 3, 4], { asker: "did:key:mallory", signal: live() })).toMatchObject({
      cachedTokens: 0,
    });
    expect(await runner.prefill([1, 2, 3, 4, 5], { asker: "did:key:mallory", signal: live() })).toMatchObject({
      cachedTokens: 4,
    });
    expect(await runner.prefill([1, 2, 3, 4, 5, 6], { asker: undefined, signal: live() })).toMatchObject({
      cachedTokens: 0,
    });
  });

  it("feeds long prompts in pieces and stops between them", async () => {
    const library = new FakeLibrary();
    const runner = new TokenRunner(library, "m", library.tap);
    const ids = Array.from({ length: 1200 }, (_, index) => index);
    const controller = new AbortController();
    library.onStep = () => controller.abort();
    await expect(runner.prefill(ids, { asker: undefined, signal: controller.signal })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(library.calls).toHaveLength(1);
    await runner.prefill(ids, { asker: undefined, signal: live() });
    expect(library.calls.slice(1).flat()).toEqual(ids.slice(library.calls[0]?.length));
  });
});
