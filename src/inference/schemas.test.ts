/** Requests from outside: which chats with tools are taken, and which are refused. */
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { GenerationRequestSchema } from "./schemas";

const base = { model: "toy", messages: [{ role: "user", content: "?" }], sampling: {}, maxTokens: 1 };
const taken = (patch: object): boolean => v.is(GenerationRequestSchema, { ...base, ...patch });
const call = { id: "call_1", name: "get_time", arguments: "{}" };

describe("a request with tools", () => {
  it("is taken with calls, results and turns of any order and length", () => {
    const messages = [
      { role: "user", content: "" },
      { role: "user", content: "What time is it?" },
      { role: "assistant", content: "", toolCalls: [call, { ...call, id: "call_2", arguments: '{"zone": "UTC' }] },
      { role: "tool", content: "", toolCallId: "call_1" },
      { role: "tool", content: "12:00", toolCallId: "call_2" },
    ];
    expect(taken({ messages, tools: [{ name: "get_time" }], toolChoice: "required" })).toBe(true);
    expect(taken({ tools: [{ name: "a.b-c_1", parameters: '{"type":"object"}' }], toolChoice: { name: "x" } })).toBe(
      true,
    );
  });

  it.each<[string, object]>([
    ["no name", { tools: [{ description: "?" }] }],
    ["markup in a name", { tools: [{ name: "<x>" }] }],
    ["a name twice", { tools: [{ name: "x" }, { name: "x" }] }],
    ["no tool at all", { tools: [] }],
    ["too many tools", { tools: Array.from({ length: 129 }, (_, index) => ({ name: `t${index}` })) }],
    ["a schema that is no JSON", { tools: [{ name: "x", parameters: "{" }] }],
    ["a schema that is no object", { tools: [{ name: "x", parameters: "[]" }] }],
    [
      "a schema that is nested without end",
      { tools: [{ name: "x", parameters: '{"a":'.repeat(99) + "1" + "}".repeat(99) }] },
    ],
    ["a schema that is too long", { tools: [{ name: "x", parameters: `{"a": "${"b".repeat(70_000)}"}` }] }],
    ["a call in a question", { messages: [{ role: "user", content: "", toolCalls: [call] }] }],
    ["a result of nothing", { messages: [{ role: "tool", content: "" }] }],
    ["an answer that is a result", { messages: [{ role: "assistant", content: "", toolCallId: "call_1" }] }],
    ["an unknown choice", { toolChoice: "perhaps" }],
  ])("is refused with %s", (_, patch) => {
    expect(taken(patch)).toBe(false);
  });
});
