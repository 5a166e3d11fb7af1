import { describe, expect, test } from "vitest";
import { splitThinking, withoutThinking } from "./thinking";

describe("splitThinking", () => {
  test.each([
    ["<think>\nHm.\n</think>\n\nYes.", { thinking: "Hm.", done: true, answer: "Yes." }],
    ["\n<think>Hm.</think>Yes.", { thinking: "Hm.", done: true, answer: "Yes." }],
    ["<think>\n\n</think>\n\nYes.", { thinking: "", done: true, answer: "Yes." }],
    ["<think>\nHm", { thinking: "Hm", done: false, answer: "" }],
    ["<thi", { thinking: "", done: false, answer: "" }],
    ["Hm.\n\nSo.\n</think>\n\nYes.", { thinking: "Hm.\n\nSo.", done: true, answer: "Yes." }],
    ["Yes, at once.", { thinking: "", done: true, answer: "Yes, at once." }],
    ["Close it with `</think>`.", { thinking: "", done: true, answer: "Close it with `</think>`." }],
    ["    indented", { thinking: "", done: true, answer: "    indented" }],
    ["", { thinking: "", done: true, answer: "" }],
  ])("%j", (content, expected) => {
    expect(splitThinking(content)).toEqual(expected);
  });

  test("never makes an answer shorter as text arrives after the thinking", () => {
    const content = "<think>a\n\nb</think>\n\nThe answer.";
    let before = "";
    for (let end = 0; end <= content.length; end++) {
      const answer = withoutThinking(content.slice(0, end));
      expect(answer.startsWith(before)).toBe(true);
      before = answer;
    }
    expect(before).toBe("The answer.");
  });
});
