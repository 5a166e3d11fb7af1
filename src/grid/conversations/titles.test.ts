import { describe, expect, test } from "vitest";
import type { Conversation, StoredMessage } from "./schema";
import { searchConversations, titleFrom } from "./titles";

const message = (content: string, role: StoredMessage["role"] = "user"): StoredMessage => ({
  id: content.slice(0, 20),
  role,
  content,
  createdAt: 1,
  status: "complete",
});

const conversation = (id: string, title: string, updatedAt: number, ...contents: string[]): Conversation => ({
  id,
  title,
  createdAt: 1,
  updatedAt,
  settings: { sampling: {}, stop: [] },
  messages: contents.map((content) => message(content)),
});

describe("titleFrom", () => {
  test("uses the first line with text, without Markdown marks", () => {
    expect(titleFrom("\n\n## What is *WebGPU*?\nPlease explain.")).toBe("What is *WebGPU*?");
    expect(titleFrom("- a list\n- of things")).toBe("a list");
  });

  test("cuts long lines at a word and never inside a character", () => {
    const title = titleFrom("Tell me everything that you know about the history of the lighthouse of Alexandria");
    expect(title).toBe("Tell me everything that you know about the history of the…");
    const emoji = titleFrom("😀".repeat(100));
    expect(Array.from(emoji)).toHaveLength(60);
    expect(emoji).not.toContain("�");
  });

  test("returns a title even for a message of only marks and blanks", () => {
    expect(titleFrom(" \n #  ")).toBe("New chat");
  });
});

describe("searchConversations", () => {
  const all = [
    conversation("a", "Lighthouses", 1, "Where is the lighthouse of Alexandria?", "It stood in Egypt."),
    conversation("b", "Cooking", 3, "How long do eggs take in Egypt?"),
    conversation("c", "Other", 2, "Nothing here"),
  ];

  test("finds conversations that contain every word, newest first", () => {
    expect(searchConversations(all, "EGYPT").map(({ id }) => id)).toEqual(["b", "a"]);
    expect(searchConversations(all, "egypt lighthouse").map(({ id }) => id)).toEqual(["a"]);
    expect(searchConversations(all, "egypt zebra")).toEqual([]);
  });

  test("shows the words around a match in a message, and none for a match in the title", () => {
    expect(searchConversations(all, "stood")[0]?.excerpt).toBe("It stood in Egypt.");
    expect(searchConversations(all, "cooking")[0]).toEqual({ id: "b", title: "Cooking", updatedAt: 3 });
  });

  test("lists all conversations if the query is empty", () => {
    expect(searchConversations(all, "  ")).toHaveLength(3);
  });
});
