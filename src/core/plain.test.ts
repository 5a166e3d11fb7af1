import { describe, expect, test } from "vitest";
import { plain, plainLines } from "./plain";

describe("plain", () => {
  test("removes characters that reverse or hide text", () => {
    expect(plain("Ada\u202Egnp.exe")).toBe("Adagnp.exe");
    expect(plain("A\u0000d\u0007a\u200B\u2066")).toBe("Ada");
    expect(plain("  two\n\tlines ")).toBe("two lines");
  });

  test("keeps every script, and the joiners that words and emoji need", () => {
    expect(plain("سلام‌ها")).toBe("سلام‌ها");
    expect(plain("👩‍🚀 Ada")).toBe("👩‍🚀 Ada");
    expect(plain("Žofie Đặng")).toBe("Žofie Đặng");
  });

  test("limits stacked marks", () => {
    expect(plain(`a${"\u0301".repeat(50)}b`)).toBe(`a${"\u0301".repeat(4)}b`);
  });

  test("returns nothing for an invisible name", () => {
    expect(plain("\u200B\u202E \u2066")).toBe("");
  });
});

describe("plainLines", () => {
  test("keeps lines, but not long runs of empty ones", () => {
    expect(plainLines("one\r\n\n\n\n\ntwo\u2028three\u202E")).toBe("one\n\ntwo\nthree");
  });
});
