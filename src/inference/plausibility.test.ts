import { describe, expect, it } from "vitest";
import { CHAT_TEMPLATES } from "./testing/chat-templates";
import { guideFile } from "./testing/node";
import { ChatTokenizer } from "./tokenizer";
import { knownAnswer } from "./plausibility";

const tokenizerWith = (template: string | false) =>
  ChatTokenizer.parse({
    tokenizer: guideFile("tokenizer.json"),
    config: guideFile("tokenizer_config.json"),
    template,
  });

describe("the known answer", () => {
  it.each(["qwen3", "qwen35", "smollm3"] as const)(
    "is expected after the thought of %s, which is empty",
    async (family) => {
      const tokenizer = await tokenizerWith(CHAT_TEMPLATES[family]);
      const { prompt, answer } = knownAnswer(tokenizer);
      expect(tokenizer.decode(prompt)).toMatch(/capital of Japan.*<think>\s*<\/think>\s*$/s);
      expect(tokenizer.decode(answer)).toBe("The capital of Japan is Tokyo.");
    },
  );

  it("follows a plain question where the model has no chat template", async () => {
    const tokenizer = await tokenizerWith(false);
    expect(tokenizer.decode(knownAnswer(tokenizer).prompt)).toMatch(/^Question: .*Answer: $/s);
  });
});
