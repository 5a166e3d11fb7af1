import { describe, expect, it } from "vitest";
import { joinedEvents } from "./joined-events";
import type { GenerationEvent, TokenLogprob } from "./types";

const token = (text: string, ...ids: number[]): GenerationEvent => ({ type: "token", text, ids });

describe("events that travel together", () => {
  it("become one piece with the ids, the text and the probabilities of both", () => {
    expect(joinedEvents(token("Hel", 1, 2), token("lo", 3))).toEqual(token("Hello", 1, 2, 3));
    const logprob = (text: string): TokenLogprob => ({ id: 1, text, bytes: new Uint8Array(), logprob: -1, top: [] });
    const [a, b] = [logprob("a"), logprob("b")];
    const joined = joinedEvents(
      { ...token("a", 1), logprobs: [a] } as GenerationEvent,
      {
        ...token("b", 2),
        logprobs: [b],
      } as GenerationEvent,
    );
    expect(joined).toEqual({ ...token("ab", 1, 2), logprobs: [a, b] });
  });

  it("stay apart where one cannot say both", () => {
    const thought: GenerationEvent = { type: "reasoning", text: "Hm", ids: [4] };
    expect(joinedEvents(thought, token("Yes", 5))).toBeUndefined();
    expect(joinedEvents({ type: "accepted" }, token("Yes", 5))).toBeUndefined();
    expect(joinedEvents(token("no ids"), token("Yes", 5))).toBeUndefined();
    expect(joinedEvents(token("Yes", 5), token("no ids"))).toBeUndefined();
  });
});
