import { describe, expect, test } from "vitest";
import { MicrogridError } from "../../core";
import type { Conversation } from "./schema";
import { toMarkdown } from "./markdown";
import { shownParts } from "./shown";
import { fromJson, toJson } from "./transfer";

test("a conversation as Markdown has its title and its messages, and no answer without a word", () => {
  const empty = { id: "3", role: "assistant", content: "", createdAt: 12, status: "failed" } as const;
  expect(toMarkdown({ ...conversation, messages: [...conversation.messages, empty] })).toBe(
    "# Numbers\n\n## You\n\n2 + 2\n\n## Answer (guide)\n\n4\n",
  );
});

test("a thought that was stored in the text of an answer is folded, and left out of the Markdown", () => {
  const content = "2 and 2.\n</think>\n\n4";
  const [question, answer] = conversation.messages;
  expect(shownParts({ role: "assistant", content })).toEqual({ content: "4", reasoning: "2 and 2." });
  expect(shownParts({ role: "assistant", content, reasoning: "Hm." })).toEqual({ content, reasoning: "Hm." });
  expect(shownParts({ role: "user", content })).toEqual({ content, reasoning: "" });
  expect(toMarkdown({ ...conversation, messages: [question!, { ...answer!, content }] })).toBe(
    toMarkdown(conversation),
  );
});

const conversation: Conversation = {
  id: "a",
  title: "Numbers",
  createdAt: 10,
  updatedAt: 20,
  settings: { sampling: { temperature: 0 }, stop: ["END"], systemPrompt: "Be brief.", seed: 7 },
  messages: [
    { id: "1", role: "user", content: "2 + 2", createdAt: 10, status: "complete" },
    {
      id: "2",
      role: "assistant",
      content: "4",
      createdAt: 11,
      status: "streaming",
      answer: {
        model: "guide",
        routes: [
          {
            provider: { id: "self", kind: "local", name: "This device" },
            why: ["It is loaded here."],
            attempt: 1,
            exact: true,
            model: "guide",
            backend: "wasm",
          },
        ],
      },
    },
  ],
};

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(MicrogridError);
    expect((error as MicrogridError).code).toBe("bad-request");
    return (error as MicrogridError).message;
  }
  throw new Error("It did not throw.");
}

describe("an export file", () => {
  test("preserves conversations, with unfinished answers as interrupted ones", () => {
    const [back] = fromJson(toJson([conversation]));
    expect(back?.messages[1]?.status).toBe("interrupted");
    expect({ ...back, messages: [] }).toEqual({ ...conversation, messages: [] });
    expect(back?.messages[0]).toEqual(conversation.messages[0]);
  });

  test.each([
    ["not JSON", "{ nonsense", /not JSON/],
    ["other JSON", '{"hello":1}', /not exported by Microgrid/],
    ["an array", "[]", /not exported by Microgrid/],
    ["a later version", '{"format":"microgrid-conversations","version":2,"conversations":[]}', /version 2/],
  ])("is refused with a clear message if it is %s", (_name, text, expected) => {
    expect(messageOf(() => fromJson(text))).toMatch(expected);
  });

  test("is refused with the name of its damaged place", () => {
    const damaged = toJson([conversation]).replace('"assistant"', '"wizard"');
    expect(messageOf(() => fromJson(damaged))).toContain("conversations.0.messages.1.role");
  });
});
