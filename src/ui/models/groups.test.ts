import { describe, expect, it } from "vitest";
import type { GridState } from "../../grid";
import { testDevice } from "../../models/testing";
import { catalogState } from "../testing/catalog-state";
import { groupModels, unfitText } from "./groups";

const isOwn = ({ source }: { readonly source: string }): boolean => source !== "catalog";

function groupsOf(device: GridState["device"], demoRate: number) {
  const state = catalogState(device, demoRate);
  return groupModels(state, state.models, isOwn);
}

describe("the groups of models", () => {
  it("contain every model once", () => {
    for (const device of [testDevice(), testDevice({ webgpu: false })]) {
      const state = catalogState(device, 200);
      const { own, families, embedders, others, unfit } = groupModels(state, state.models, isOwn);
      const inFamilies = families.flatMap(({ sizes }) => sizes.flatMap((size) => [size.best, ...size.others]));
      const ids = [...own, ...inFamilies, ...embedders, ...others, ...unfit].map(({ id }) => id);
      expect(ids.toSorted()).toEqual(state.models.map(({ id }) => id).toSorted());
      expect(own.map(({ id }) => id)).toEqual(["guide"]);
      expect(embedders.map(({ id }) => id)).toContain("Xenova/all-MiniLM-L6-v2");
      expect(embedders.every(({ purpose }) => purpose === "embedding")).toBe(true);
    }
  });

  it("fold the variants of a size under the one that is best here", () => {
    const { families } = groupsOf(testDevice(), 200);
    const llama = families.find(({ family }) => family.name === "Llama 3.2");
    expect(llama?.sizes.map(({ name }) => name)).toEqual(["Llama 3.2 3B", "Llama 3.2 1B"]);
    const small = llama?.sizes.find(({ name }) => name === "Llama 3.2 1B");
    expect(small?.best.id).toBe("Llama-3.2-1B-Instruct-q4f16_1-MLC");
    expect(small?.others.map(({ id }) => id)).toContain("onnx-community/Llama-3.2-1B-Instruct-ONNX");
  });

  it("name the licence of a size that has another one", () => {
    const { families } = groupsOf(testDevice(), 200);
    const licence = (name: string) => families.find(({ family }) => family.name === name)?.licence;
    expect(licence("Qwen3")).toBe("Apache 2.0");
    expect(licence("Qwen2.5")).toMatch(/^Apache 2\.0 \(3B: Qwen Research License, not for commercial use\)$/);
  });

  it("begin with what is useful: on a slow processor with the smallest", () => {
    const { families } = groupsOf(testDevice({ webgpu: false }), 300);
    expect(families.slice(0, 2).map(({ family }) => family.name)).toEqual(["SmolLM2", "Gemma 3"]);
    expect(families[0]?.sizes.map(({ name }) => name)).toEqual(["SmolLM2 135M", "SmolLM2 360M", "SmolLM2 1.7B"]);
  });

  it("say in one sentence why the others cannot run", () => {
    const { unfit } = groupsOf({ ...testDevice({ webgpu: false }), memoryBytes: 2 ** 31 }, 300);
    expect(unfitText(unfit)).toMatch(/^\d+ models cannot run here: 165 need a graphics card, \d+ need more memory\.$/);
  });
});
