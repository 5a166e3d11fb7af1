/** Requests with more than a frame can carry: the oldest messages stay behind, or the request is refused in words. */
import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../inference";
import { MAX_MESSAGES, MAX_REQUEST_BYTES } from "../constants";
import { fitFrame } from "./fit-frame";

const chat = (count: number, content = "word"): ChatMessage[] =>
  Array.from({ length: count }, (_, at) => ({ role: at % 2 ? "assistant" : "user", content }));
const request = (messages: readonly ChatMessage[], shorten = true) => ({
  model: "toy",
  messages,
  sampling: {},
  maxTokens: 1,
  shorten,
});

describe("a request to a peer", () => {
  it("stays as it is if a frame can carry it", () => {
    const asked = request(chat(3));
    expect(fitFrame(asked)).toEqual({ request: asked, left: 0 });
  });

  it.each([
    ["many", chat(2201)],
    ["long", chat(231, "ä".repeat(5_000))],
  ])("leaves out the oldest of %s messages", (_, messages) => {
    const { request: fitted, left } = fitFrame(request(messages));
    expect(left).toBeGreaterThan(0);
    expect(fitted.messages).toEqual(messages.slice(left));
    expect(fitted.messages[0]?.role).toBe("user");
    expect(fitted.messages.length).toBeLessThanOrEqual(MAX_MESSAGES);
    expect(new TextEncoder().encode(JSON.stringify(fitted)).length).toBeLessThan(MAX_REQUEST_BYTES);
    expect(() => fitFrame(request(messages, false))).toThrow(/too long to be sent to another device: at most 2000/);
  });

  it("is refused with both lengths if its last message alone is too long", () => {
    const messages = [...chat(4), { role: "user", content: "x".repeat(2_300_000) } as const];
    expect(() => fitFrame(request(messages))).toThrow(/^This message has 2\.3 MB; at most 2\.1 MB can be sent/);
  });

  it("makes room for tools and calls, and is refused with tools that are too long", () => {
    const tool = (name: string, chars: number) => ({ name, parameters: JSON.stringify({ title: "x".repeat(chars) }) });
    const tools = Array.from({ length: 16 }, (_, at) => tool(`t${at}`, 60_000));
    const call = { id: "1", name: "t0", arguments: JSON.stringify({ a: "y".repeat(100_000) }) };
    const answer: ChatMessage = { role: "assistant", content: "", toolCalls: [call] };
    const messages = Array.from({ length: 30 }, () => [{ role: "user", content: "?" } as const, answer]).flat();
    const { request: fitted } = fitFrame({ ...request([...messages, { role: "user", content: "?" }]), tools });
    expect(fitted.messages.length).toBeGreaterThan(10);
    expect(new TextEncoder().encode(JSON.stringify(fitted)).length).toBeLessThan(1.02 * MAX_REQUEST_BYTES);
    expect(() => fitFrame({ ...request(chat(1)), tools: [...tools, tool("u", 60_000), tool("v", 60_000)] })).toThrow(
      /^The tools of this request have 1\.1 MB; at most 1\.0 MB can be sent/,
    );
  });
});
