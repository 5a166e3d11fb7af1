import { expect, test } from "vitest";
import { greedyDifference } from "./check";
import type { Prompt } from "./prompts";
import type { Runtime } from "./runtime";

const prompts: readonly Prompt[] = ["a", "b"].map((text) => ({ text, written: text, tokens: 1 }));

/** Answers each prompt with its code; `wrong` changes what is said where several are asked at once. */
function runtime(wrong = 0): Runtime {
  return {
    close: () => Promise.resolve(),
    answer: (asked) =>
      Promise.resolve(
        asked.map(({ text }) => ({
          startedAt: 0,
          at: [1],
          ids: [text.charCodeAt(0) + (asked.length > 1 ? wrong : 0)],
        })),
      ),
  };
}

test("the same answers have no difference", async () => {
  expect(await greedyDifference(runtime(), runtime(), prompts, { alone: 1, together: 1 })).toBeUndefined();
});

test("an answer that is wrong beside others is found", async () => {
  expect(await greedyDifference(runtime(1), runtime(), prompts, { alone: 1, together: 1 })).toBe(
    "the prompt that was answered with others has 98 on the GPU and 97 on the CPU",
  );
});
