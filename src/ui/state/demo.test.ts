import { describe, expect, it } from "vitest";
import type { StoredMessage } from "../../grid";
import { isRefusal } from "./demo";

const answer = (patch: Record<string, unknown>, model = "guide"): StoredMessage =>
  ({
    status: "complete",
    content: "That is too much for me. A bigger model can help.",
    answer: { model },
    ...patch,
  }) as unknown as StoredMessage;

describe("isRefusal", () => {
  it("knows an answer of the demo that names a bigger model", () => {
    expect(isRefusal(answer({}))).toBe(true);
  });

  it("leaves out other answers, other models, and what is still being written", () => {
    expect(isRefusal(answer({ content: "Tokyo." }))).toBe(false);
    expect(isRefusal(answer({}, "qwen"))).toBe(false);
    expect(isRefusal(answer({ status: "streaming" }))).toBe(false);
    expect(isRefusal(answer({ answer: undefined }))).toBe(false);
  });
});
