import { expect, test } from "vitest";
import { passphraseProblem, placesToAsk, wordsOf, wrongPlaces } from "./secrets";

test("a phrase is read however it is written", () => {
  expect(wordsOf(" Legal  winner\nthank, year ")).toEqual(["legal", "winner", "thank", "year"]);
  expect(wordsOf("1. legal\n2. winner\n12) thank")).toEqual(["legal", "winner", "thank"]);
});

test("the page asks for two different words, in order", () => {
  const drawn = [0.99, 0.99, 0.1];
  expect(placesToAsk(24, () => drawn.shift() ?? 0)).toEqual([2, 23]);
  for (let round = 0; round < 200; round += 1) {
    const [first, second] = placesToAsk(12);
    expect(first).toBeLessThan(second!);
    expect(second).toBeLessThan(12);
  }
});

test("only the asked words, at their places, confirm it", () => {
  const words = ["legal", "winner", "thank", "year"];
  expect(wrongPlaces(words, [1, 3], ["winner", " Year "])).toEqual([]);
  expect(wrongPlaces(words, [1, 3], ["year", "winner"])).toEqual([1, 3]);
  expect(wrongPlaces(words, [1, 3], ["winner", ""])).toEqual([3]);
  expect(wrongPlaces(words, [1, 3], ["winner thank", "year"])).toEqual([1]);
});

test("a passphrase is long, varied, and the same twice", () => {
  expect(passphraseProblem("horse battery", "horse battery")).toBe("");
  expect(passphraseProblem("short", "short")).toContain("12 characters");
  expect(passphraseProblem("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa")).toContain("repeats");
  expect(passphraseProblem("horse battery", "horse batterz")).toContain("do not match");
});
