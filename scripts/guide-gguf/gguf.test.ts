/** The guide model as GGUF files is the model of its ONNX files. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { fileSource } from "../../src/core";
import { type GgufFacts, readGguf, tokenizerFiles } from "../../src/gguf";
import { goldenItems } from "../../src/inference/testing/node";
import { ChatTokenizer } from "../../src/inference/tokenizer";
import { guideGguf } from "./gguf";

const { signal } = new AbortController();
/** The files with which llama.cpp has given the golden answers (`npm run real:goldens -- guide`). */
const CHECKED = {
  f32: "9c009dd84e3d23c83b21460c291baa8192625bf35df73c09491d42491c6b4396",
  q4_0: "59e8f37f3a2fb8a517d5811df031508f0dae1b1b09f4ce018cf187fcedc32fdd",
} as const;

describe("the guide model as a GGUF file", () => {
  let facts: GgufFacts;
  beforeAll(async () => {
    facts = await readGguf(fileSource(new Blob([guideGguf("q4_0")]), signal));
  });

  it.each(["f32", "q4_0"] as const)(
    "has the bytes that were compared with its goldens in llama.cpp, as %s",
    (format) => {
      expect(createHash("sha256").update(guideGguf(format)).digest("hex")).toBe(CHECKED[format]);
    },
  );

  it("says what it is", () => {
    const { metadata: _, chatTemplate: __, ...rest } = facts;
    expect(rest).toEqual({
      ...{ architecture: "llama", name: "Guide", license: "apache-2.0", fileType: "Q4_0", contextLength: 1024 },
      ...{ layers: 6, parameters: 5_475_584, weightBytes: 4_893_696, vocabularySize: 2048, embeds: false },
      ...{ tokens: { bos: 1, eos: 2, eot: undefined, addBos: false }, split: undefined },
    });
  });

  it("writes the golden prompts", async () => {
    const tokenizer = await ChatTokenizer.parse({ ...tokenizerFiles(facts.metadata), template: undefined });
    for (const { messages, prompt_ids: ids } of goldenItems()) expect(tokenizer.read(messages)).toEqual(ids);
  });
});
