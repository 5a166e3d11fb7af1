import { describe, expect, test } from "vitest";
import { adaptedText, toolsText } from "./chat-abilities";

describe("the list of models", () => {
  test("says how chats are changed for a model that does not take them as they are", () => {
    const chat = { system: true, thinks: false, remembers: false };
    expect(adaptedText({ chat })).toBe("");
    expect(adaptedText(undefined)).toBe("");
    expect(adaptedText({ chat: { ...chat, system: false } })).toMatch(
      /no system prompt: .* before the first question\.$/,
    );
    expect(adaptedText({ chat: { ...chat, alternates: true } })).toMatch(/one question at a time/);
  });

  test("says which models were trained to call tools", () => {
    const chat = { system: true, thinks: false, remembers: false };
    expect(toolsText({ chat: { ...chat, tools: "hermes" } })).toBe("calls tools");
    expect(toolsText({ chat: { ...chat, tools: "generic" } })).toBe("not trained to call tools");
    expect(toolsText({ chat })).toBe("");
    expect(toolsText(undefined)).toBe("");
  });
});
