/** An answer goes on from what was delivered of it: by token ids where that is safe, otherwise by text. */
import { describe, expect, it } from "vitest";
import { OFFER } from "../../inference/testing/toy-provider";
import { Delivered } from "./delivered";

describe("an answer that was partly delivered", () => {
  const token = (text: string, ids: number[]) => ({ type: "token", text, ids }) as const;

  it("resumes by ids while they come from one tokenizer, otherwise by text", () => {
    const delivered = new Delivered(undefined);
    delivered.add(token("ab", [1, 2]), OFFER);
    expect(delivered.resume).toMatchObject({ ids: [1, 2], idsInText: 2, text: "ab", tokenizerHash: "tokenizer" });
    delivered.add(token("c", [9]), { ...OFFER, tokenizerHash: "other" });
    expect(delivered.resume).toMatchObject({ ids: [], idsInText: 0, text: "abc", tokenizerHash: "" });
    delivered.add(token("d", [3]), OFFER);
    expect(delivered.resume).toMatchObject({ ids: [], text: "abcd", tokenizerHash: "" });
  });

  it("resumes after a thought with the ids of both, and their texts apart", () => {
    const delivered = new Delivered(undefined);
    delivered.add({ type: "reasoning", text: "", ids: [1] }, OFFER);
    delivered.add({ type: "reasoning", text: "Hm.", ids: [2, 3] }, OFFER);
    expect(delivered.resume).toMatchObject({ ids: [1, 2, 3], idsInText: 3, text: "", reasoning: "Hm." });
    delivered.add(token("ab", [4]), OFFER);
    const { resume } = delivered;
    expect(resume).toMatchObject({ ids: [1, 2, 3, 4], idsInText: 4, text: "ab", reasoning: "Hm." });
    expect(new Delivered(resume).resume).toEqual(resume);
  });

  it("resumes by text if an engine reports no ids", () => {
    const delivered = new Delivered(undefined);
    delivered.add(token("ab", []), OFFER);
    expect(delivered.resume).toMatchObject({ ids: [], text: "ab", tokenizerHash: "" });
  });
});
