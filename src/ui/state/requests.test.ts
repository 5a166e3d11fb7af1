import { describe, expect, test } from "vitest";
import type { Conversation, ModelOffer, ResumePoint, StoredMessage } from "../../grid";
import { toGeneration } from "./requests";

const offer: ModelOffer = {
  model: "guide",
  name: "Guide",
  packageHash: "p",
  tokenizerHash: "t",
  engine: "onnx",
  backend: "wasm",
  contextLength: 1024,
  prefillRate: undefined,
  decodeRate: undefined,
};

const message = (id: string, role: StoredMessage["role"], content: string): StoredMessage => ({
  id,
  role,
  content,
  createdAt: 1,
  status: "complete",
});

const conversation = (settings: Partial<Conversation["settings"]> = {}): Conversation => ({
  id: "c",
  title: "",
  createdAt: 1,
  updatedAt: 1,
  settings: { sampling: {}, stop: [], ...settings },
  messages: [
    message("1", "user", "Hi"),
    message("2", "assistant", "Hello"),
    message("3", "user", "Bye"),
    message("4", "assistant", "So"),
  ],
});

const resume = (count: number): ResumePoint => ({
  packageHash: "p",
  tokenizerHash: "t",
  engine: "onnx",
  backend: "wasm",
  ids: Array.from({ length: count }, (_, index) => index),
  idsInText: count,
  text: "So",
});

describe("toGeneration", () => {
  test("sends the system prompt and the messages before the answer, not the answer itself", () => {
    const request = toGeneration(conversation({ systemPrompt: "Be kind." }), "4", offer, undefined);
    expect(request.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      "system: Be kind.",
      "user: Hi",
      "assistant: Hello",
      "user: Bye",
    ]);
    expect(request.resume).toBeUndefined();
  });

  test("writes the date on which an answer began that goes on", () => {
    const request = toGeneration(conversation(), "4", offer, resume(2));
    expect(request.localTime).toMatch(/^19(69-12-31|70-01-01)T/);
    expect(toGeneration(conversation(), "4", offer, undefined).localTime).toBeUndefined();
  });

  test("leaves out the thoughts of earlier answers unless the model reads them, and answers that are nothing else", () => {
    const messages = [
      message("1", "user", "Hi"),
      { ...message("2", "assistant", "Hello"), reasoning: "Hm." },
      message("3", "user", "Bye"),
      { ...message("4", "assistant", ""), reasoning: "Hm." },
      message("5", "assistant", ""),
    ];
    const whole = { ...conversation(), messages };
    const hello = { role: "assistant", content: "Hello" };
    const request = toGeneration(whole, "5", offer, undefined);
    expect(request.messages.slice(1)).toEqual([hello, { role: "user", content: "Bye" }]);
    const chat = { system: true, thinks: true, remembers: true };
    expect(toGeneration(whole, "5", { ...offer, chat }, undefined).messages[1]).toEqual({ ...hello, reasoning: "Hm." });
  });

  test("asks for thinking only as the model knows it, and leaves room for the answer", () => {
    const chat = (thinking?: "switch" | "effort") => ({
      system: true,
      thinks: true,
      remembers: false,
      ...(thinking && { thinking }),
    });
    const asked = (wish: boolean | "low", thinking?: "switch" | "effort") =>
      toGeneration(conversation({ thinking: wish }), "4", { ...offer, chat: chat(thinking) }, undefined).template;
    expect(asked(false, "switch")).toEqual({ enable_thinking: false });
    expect(asked("low", "effort")).toEqual({ reasoning_effort: "low" });
    for (const none of [asked(false, "effort"), asked("low", "switch"), asked(false)]) expect(none).toBeUndefined();
    const large = { ...offer, contextLength: 32_768 };
    expect(toGeneration(conversation(), "4", large, undefined).maxTokens).toBe(1024);
    expect(toGeneration(conversation(), "4", { ...large, chat: chat() }, undefined).maxTokens).toBe(4096);
  });

  test("leaves out a blank system prompt, and answers that gave nothing together with their questions", () => {
    const contents = (...messages: readonly (readonly [StoredMessage["role"], string])[]) => {
      const stored = messages.map(([role, content], at) => message(String(at), role, content));
      const target = message("target", "assistant", "");
      const whole = { ...conversation({ systemPrompt: "  " }), messages: [...stored, target] };
      return toGeneration(whole, "target", offer, undefined).messages.map(({ content }) => content);
    };
    expect(contents(["user", "Hi"], ["assistant", ""], ["user", "Bye"])).toEqual(["Bye"]);
    const stopped = [
      ["assistant", ""],
      ["user", "One?"],
      ["assistant", ""],
      ["user", "Two?"],
      ["assistant", ""],
      ["user", "Bye"],
    ] as const;
    expect(contents(["user", "Hi"], ["assistant", "Hello"], ["user", "Zero?"], ...stopped)).toEqual([
      "Hi",
      "Hello",
      "Bye",
    ]);
    // The question of the wanted answer stays, whatever is between.
    expect(contents(["user", "Hi"], ["assistant", ""])).toEqual(["Hi"]);
  });

  test("leaves sampling to the model unless the conversation says otherwise", () => {
    expect(toGeneration(conversation(), "4", offer, undefined).sampling).toEqual({});
    const warm = conversation({ sampling: { temperature: 0.9 } });
    expect(toGeneration(warm, "4", offer, undefined).sampling).toEqual({ temperature: 0.9 });
  });

  test("requests at most half of the context by default", () => {
    expect(toGeneration(conversation(), "4", offer, undefined).maxTokens).toBe(512);
    expect(toGeneration(conversation({ maxTokens: 9 }), "4", offer, undefined).maxTokens).toBe(9);
  });

  test("allows an answer that reached its limit to grow by the same amount again", () => {
    const short = conversation({ maxTokens: 10 });
    expect(toGeneration(short, "4", offer, resume(10))).toMatchObject({ maxTokens: 20, resume: { text: "So" } });
    expect(toGeneration(short, "4", offer, resume(4)).maxTokens).toBe(10);
  });
});
