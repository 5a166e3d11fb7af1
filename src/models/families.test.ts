import { prebuiltAppConfig } from "@mlc-ai/web-llm";
import { describe, expect, it } from "vitest";
import { repositoryEntries, webllmEntries } from "./catalog";
import { familyOf, memberName } from "./families";

const listed = [...repositoryEntries(), ...webllmEntries(prebuiltAppConfig.model_list)];

describe("the table of families", () => {
  it.each([
    ["onnx-community/Qwen3-0.6B-ONNX", "Qwen3 0.6B", "Apache 2.0"],
    ["Qwen3.5-2B-q4f16_1-MLC", "Qwen3.5 2B", "Apache 2.0"],
    ["Qwen2.5-3B-Instruct-q4f16_1-MLC", "Qwen2.5 3B", "Qwen Research License, not for commercial use"],
    ["Qwen2.5-Coder-0.5B-Instruct-q0f16-MLC", "Qwen2.5 Coder 0.5B", "Apache 2.0"],
    ["DeepSeek-R1-Distill-Llama-8B-q4f32_1-MLC", "DeepSeek R1 Distill Llama 8B", "MIT"],
    ["Llama-3.2-1B-Instruct-q4f32_1-MLC", "Llama 3.2 1B", "Llama 3.2 Community License"],
    ["Hermes-3-Llama-3.2-3B-q4f32_1-MLC", "Hermes 3 3B", undefined],
    ["gemma3-1b-it-q4f16_1-MLC", "Gemma 3 1B", "Gemma Terms of Use"],
    ["onnx-community/gemma-3-270m-it-ONNX", "Gemma 3 270M", "Gemma Terms of Use"],
    ["gemma-2-2b-it-q4f16_1-MLC-1k", "Gemma 2 2B", "Gemma Terms of Use"],
    ["onnx-community/Phi-3.5-mini-instruct-onnx-web", "Phi 3.5 mini", "MIT"],
    ["stablelm-2-zephyr-1_6b-q4f16_1-MLC", "StableLM 2 Zephyr 1.6B", undefined],
  ])("knows %s as %s", (id, name, licence) => {
    const member = familyOf(id);
    expect(member && memberName(member)).toBe(name);
    expect(member?.licence?.name).toBe(licence);
  });

  it("knows every listed model that can chat, and the number of its parameters", () => {
    for (const { id, purpose } of listed) {
      if (purpose === "embedding") continue;
      expect(familyOf(id)?.parameters, id).toBeGreaterThan(1e8);
    }
  });

  it("leaves out what it does not know", () => {
    expect(familyOf("guide")).toBeUndefined();
    expect(familyOf("tests/tiny")).toBeUndefined();
  });
});
