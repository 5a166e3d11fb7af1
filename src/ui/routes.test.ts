import { describe, expect, test } from "vitest";
import { conversationRoute, readRoute } from "./routes";

describe("readRoute", () => {
  test("reads back what conversationRoute writes", () => {
    expect(readRoute(conversationRoute("abc123"), "")).toEqual({ view: "chat", conversation: "abc123" });
  });

  test("an invite is the whole address", () => {
    const href = "https://host/path/#/join/pGF2";
    expect(readRoute("#/join/pGF2", href)).toEqual({ view: "join", invite: href });
  });

  test.each(["", "#", "#/", "#/nowhere", "#/c/../x"])("%s is a new chat", (hash) => {
    expect(readRoute(hash, "")).toEqual({ view: "chat", conversation: undefined });
  });
});
