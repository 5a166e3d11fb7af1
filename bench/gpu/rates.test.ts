import { expect, test } from "vitest";
import { decodeRate, firstTokenMs, togetherRate } from "./rates";

test("the first token is not decoded: it belongs to the prompt", () => {
  const answer = { startedAt: 100, at: [600, 700, 800] };
  expect(firstTokenMs(answer)).toBe(500);
  expect(decodeRate(answer)).toBe(10);
});

test("answers at once count while all of them run", () => {
  const answers = [
    { startedAt: 0, at: [100, 200, 300, 400, 500] },
    { startedAt: 0, at: [250, 350, 450, 550] },
  ];
  // From 250 to 500: three tokens of the first, and two of the second.
  expect(togetherRate(answers)).toEqual({ rate: 20, waited: false });
});

test("answers of which one waits for the other count over the whole time", () => {
  const answers = [
    { startedAt: 0, at: [100, 200] },
    { startedAt: 0, at: [300, 400] },
  ];
  expect(togetherRate(answers)).toEqual({ rate: 10, waited: true });
});
