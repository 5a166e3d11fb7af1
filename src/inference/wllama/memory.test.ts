import { describe, expect, it } from "vitest";
import type { GgufFacts } from "../../gguf";
import { cacheBytesPerToken, contextFor } from "./memory";

function facts(more: Record<string, unknown>, contextLength = 131_072, layers = 30): GgufFacts {
  const metadata = new Map(Object.entries(more).map(([key, value]) => [`llama.${key}`, value]));
  return { architecture: "llama", contextLength, layers, metadata } as unknown as GgufFacts;
}

const SMOLLM = { embedding_length: 576, "attention.head_count": 9, "attention.head_count_kv": 3 };

describe("the context of a GGUF model", () => {
  it("is its own where keys and values fit", () => {
    expect(cacheBytesPerToken(facts(SMOLLM))).toBe(2 * 30 * 3 * 128);
    expect(contextFor(facts(SMOLLM, 8192), 100e6)).toBe(8192);
  });

  it("is shorter where they do not", () => {
    const context = contextFor(facts(SMOLLM), 100e6);
    expect(context).toBe(Math.floor(2 ** 30 / (2 * 30 * 3 * 128)));
    expect(contextFor(facts(SMOLLM), 3.4 * 2 ** 30)).toBeLessThan(context);
  });

  it("counts layers that differ, and heads of another size", () => {
    const mixed = { ...SMOLLM, "attention.head_count_kv": [3, 0, 1], "attention.key_length": 96 };
    expect(cacheBytesPerToken(facts(mixed, 1024, 3))).toBe(2 * 4 * (96 + 64));
  });

  it("is refused where the weights leave no room", () => {
    expect(() => contextFor(facts(SMOLLM), 3.6 * 2 ** 30)).toThrow(expect.objectContaining({ code: "out-of-memory" }));
  });
});
