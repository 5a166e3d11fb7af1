import { describe, expect, test } from "vitest";
import { conversationRoute, readRoute } from "./routes";

describe("readRoute", () => {
  test("reads back what conversationRoute writes", () => {
    expect(readRoute(conversationRoute("abc123"), "")).toEqual({ view: "chat", conversation: "abc123" });
  });

  test.each(["#/join/pGF2", "#/join/", "#/join", "#%2Fjoin%2FpGF2", "#join/pGF2"])(
    "%s is an invite, which is the whole address",
    (hash) => {
      const href = `https://host/path/${hash}`;
      expect(readRoute(hash, href)).toEqual({ view: "join", invite: href });
    },
  );

  test.each(["", "#", "#/", "#/nowhere", "#/joined/x", "#/c/../x"])("%s is a new chat", (hash) => {
    expect(readRoute(hash, "")).toEqual({ view: "chat", conversation: undefined });
  });
});
