import { describe, expect, it } from "vitest";
import { PromptLookup } from "./drafts";

describe("PromptLookup", () => {
  it("guesses the tokens that followed an earlier occurrence of the last tokens, the latest occurrence first", () => {
    const lookup = new PromptLookup(8);
    expect(lookup.draft([1, 2, 9, 9, 1, 2, 7, 8, 1, 2], 8)).toEqual([7, 8]);
    expect(lookup.draft([1, 2, 3, 4], 8)).toEqual([]);
    expect(lookup.draft([5, 5, 5], 8)).toEqual([5]);
  });

  it("prefers the longer of two matches", () => {
    expect(new PromptLookup(8).draft([4, 1, 2, 6, 6, 3, 1, 2, 7, 7, 4, 1, 2], 8)).toEqual([6, 6]);
  });

  it("guesses more while it is right, less when it is wrong, and never more than there is room for", () => {
    const text = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2];
    const lookup = new PromptLookup(4);
    lookup.learn(2, 2);
    lookup.learn(4, 4);
    expect(lookup.draft(text, 8)).toEqual([3, 4, 5, 6]);
    expect(lookup.draft(text, 1)).toEqual([3]);
    expect(lookup.draft(text, 0)).toEqual([]);
    lookup.learn(4, 0);
    expect(lookup.draft(text, 8)).toEqual([3]);
    expect(new PromptLookup(0).draft(text, 8)).toEqual([]);
  });
});
