/** Tokenizers of GGUF files split texts as llama.cpp does (`references/splits.mjs`). */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { fileSource } from "../../src/core";
import { readGguf, tokenizerFiles } from "../../src/gguf";
import { ChatTokenizer } from "../../src/inference/tokenizer";
import { ROOT } from "../run/spawn.mjs";
import { crossingMerges, SPLIT_KINDS, splitGguf, splitTexts } from "./splits";

const goldens = JSON.parse(readFileSync(`${ROOT}/scripts/real-models/goldens/splits.json`, "utf8")) as Readonly<
  Record<string, string>
>;

describe("the byte-level tokenizer of a GGUF file", () => {
  let merges: readonly string[];
  beforeAll(() => {
    merges = crossingMerges();
  });

  it.each(SPLIT_KINDS)("splits awkward texts as llama.cpp does, as %s", async (kind) => {
    const source = fileSource(new Blob([splitGguf(kind, merges)]), new AbortController().signal);
    const files = tokenizerFiles((await readGguf(source)).metadata);
    const tokenizer = await ChatTokenizer.parse({ ...files, template: "{{ messages[0].content }}" });
    const texts = splitTexts(kind);
    expect(texts.length).toBeGreaterThan(100);
    const ids = texts.map((text) => tokenizer.encode(text));
    expect(createHash("sha256").update(JSON.stringify(ids)).digest("hex")).toBe(goldens[kind]);
  });
});
