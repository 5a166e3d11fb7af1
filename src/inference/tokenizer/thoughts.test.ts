import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedThought } from "./stored-thought";
import { type ThoughtFormat, leadingThought, thoughtFormat } from "./thoughts";

const knowing = (...texts: string[]): ThoughtFormat => thoughtFormat((text) => texts.includes(text));
const THINK = knowing("<think>");
const PLAIN = knowing();
const MISTRAL = knowing("[THINK]");
const CHANNELS = knowing("<|channel|>", "<|message|>");

/** Reads an answer that comes in pieces, one token each. */
function read(format: ThoughtFormat, pieces: readonly string[], prompt = "", { ended = true } = {}) {
  const reader = format.reader(prompt);
  const parts = pieces.flatMap((text, id) => reader.push({ ids: [id], text }));
  if (ended) parts.push(...reader.flush(true));
  const text = (type: string) =>
    parts
      .filter((part) => part.type === type)
      .map((part) => part.text)
      .join("");
  return {
    reasoning: text("reasoning"),
    text: text("token"),
    ids: parts.flatMap(({ ids }) => ids),
    thinking: reader.thinking,
  };
}

/** Cuts a text into pieces in any way. */
const cuts = (text: string) =>
  fc.array(fc.nat(text.length), { maxLength: 12 }).map((at) => {
    const borders = [...new Set([0, ...at, text.length])].sort((a, b) => a - b);
    return borders.slice(1).map((to, index) => text.slice(borders[index], to));
  });

describe("a thought", () => {
  it.each<[string, ThoughtFormat, string, string, { reasoning: string; text: string }]>([
    ["in tags", THINK, "", "<think>\nHm.\n</think>\n\nYes.", { reasoning: "Hm.", text: "Yes." }],
    [
      "in tags that the model is not known for",
      PLAIN,
      "",
      "<think>Hm.</think>Yes.",
      { reasoning: "Hm.", text: "Yes." },
    ],
    ["after space", THINK, "", "\n<think>Hm.</think> Yes.", { reasoning: "Hm.", text: "Yes." }],
    ["that is empty", THINK, "", "<think>\n\n</think>\n\nYes.", { reasoning: "", text: "Yes." }],
    [
      "that the prompt begins",
      THINK,
      "assistant\n<think>\n",
      "Hm.\n</think>\nYes.",
      { reasoning: "Hm.", text: "Yes." },
    ],
    ["that never ends", THINK, "", "<think>Hm.\n\nSo", { reasoning: "Hm.\n\nSo", text: "" }],
    ["with a tag that is cut", THINK, "", "<think>Hm.</thi", { reasoning: "Hm.", text: "" }],
    ["in other tags", MISTRAL, "", "[THINK]Hm.[/THINK]Yes.", { reasoning: "Hm.", text: "Yes." }],
    ["left out", THINK, "", "Yes, at once.", { reasoning: "", text: "Yes, at once." }],
    [
      "left out, with a tag in the answer",
      THINK,
      "",
      "Write <think> first.",
      { reasoning: "", text: "Write <think> first." },
    ],
    [
      "left out, with a closed one in the prompt",
      THINK,
      "<think>\n\n</think>\n\n",
      "Yes.",
      { reasoning: "", text: "Yes." },
    ],
    ["left out, with indented text", THINK, "", "    indented", { reasoning: "", text: "    indented" }],
    ["left out, with the beginning of a tag", THINK, "", "<thi", { reasoning: "", text: "<thi" }],
  ])("%s", (_, format, prompt, whole, expected) => {
    fc.assert(
      fc.property(cuts(whole), (pieces) => {
        const { ids, thinking, ...texts } = read(format, pieces, prompt);
        expect(texts).toEqual(expected);
        expect(ids).toEqual(pieces.map((_, id) => id));
        expect(thinking).toBe(expected.text === "" && expected.reasoning !== "");
      }),
    );
  });

  it("goes out as it comes, except for what may become a mark", () => {
    const { reasoning, thinking } = read(THINK, ["<think>", "\n", "One", " two", "</"], "", { ended: false });
    expect({ reasoning, thinking }).toEqual({ reasoning: "One two", thinking: true });
  });

  it("is whatever a channel besides the final one says", () => {
    const marks = [
      "<|channel|>",
      "analysis",
      "<|message|>",
      "Hm",
      ".",
      "<|end|>",
      "<|start|>",
      "assistant",
      "<|channel|>",
    ];
    expect(read(CHANNELS, [...marks, "final", "<|message|>", "Yes", "."])).toMatchObject({
      reasoning: "Hm.",
      text: "Yes.",
    });
    const call = [
      ...marks,
      "commentary",
      " to=f",
      "<|message|>",
      " {}",
      "<|end|>",
      "<|start|>",
      "assistant",
      "<|channel|>",
    ];
    expect(read(CHANNELS, [...call, "final", "<|message|>", "Yes"])).toMatchObject({
      reasoning: "Hm. {}",
      text: "Yes",
    });
    expect(read(CHANNELS, ["Yes", "."])).toMatchObject({ reasoning: "", text: "Yes." });
    expect(read(CHANNELS, marks.slice(0, 4)).thinking).toBe(true);
    const ids = read(CHANNELS, [...marks, "final", "<|message|>", "Yes"]).ids;
    expect(ids).toEqual(ids.map((_, index) => index));
  });

  it.each<[string, ThoughtFormat, string]>([
    ["tags", THINK, "assistant\n"],
    ["tags that the prompt begins", THINK, "assistant\n<think>\n"],
    ["channels", CHANNELS, "<|start|>assistant"],
  ])(
    "is written for another model in %s as that would have written it, and ended by its ending",
    (_, format, prompt) => {
      const tokens = (text: string): string[] => text.match(/<[^>]*>|[^<]+/g) ?? [];
      for (const delivered of [
        { reasoning: "Hm.", text: "Yes." },
        { reasoning: "Hm.", text: "" },
        { reasoning: "", text: "Yes." },
      ]) {
        expect(read(format, tokens(format.written(delivered, prompt)), prompt)).toMatchObject(delivered);
      }
      const ended = format.written({ reasoning: "Hm.", text: "" }, prompt) + format.ending + "Yes.";
      expect(read(format, tokens(ended), prompt)).toMatchObject({ reasoning: "Hm.", text: "Yes." });
    },
  );

  it("is not given to a model that does not think", () => {
    expect(PLAIN.written({ reasoning: "Hm.", text: "" }, "")).toBe("");
    expect(PLAIN.written({ reasoning: "Hm.", text: "Yes." }, "")).toBe("Yes.");
  });

  it("is found at the beginning of a whole answer", () => {
    expect(leadingThought(THINK, "<think>Hm.</think>\n\nYes.")).toEqual({ reasoning: "Hm.", text: "Yes." });
    expect(leadingThought(THINK, " Yes. <think>")).toEqual({ reasoning: "", text: " Yes. <think>" });
  });

  it.each([
    ["Hm.\n\nSo.\n</think>\n\nYes.", { reasoning: "Hm.\n\nSo.", text: "Yes." }],
    ["<think>\nHm.\n</think>\n\nYes.", { reasoning: "Hm.", text: "Yes." }],
    ["[THINK]Hm.[/THINK]Yes.", { reasoning: "Hm.", text: "Yes." }],
    ["Hm.\n[/THINK]\nYes.", { reasoning: "Hm.", text: "Yes." }],
    ["<think>Hm.", { reasoning: "Hm.", text: "" }],
  ])("is found in stored text, also without its opening mark: %j", (text, parts) => {
    expect(storedThought(text)).toEqual(parts);
  });

  it.each([
    "Write </think> after the thought.",
    "```\nHm.\n</think>\n```\n",
    "It begins with <think>\nand ends with\n</think>\nas you see.",
    "\n</think>\n\nYes.",
  ])("is not seen where an answer speaks of marks: %j", (text) => {
    expect(storedThought(text).reasoning).toBe("");
  });
});
