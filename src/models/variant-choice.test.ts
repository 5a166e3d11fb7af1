import { describe, expect, it } from "vitest";
import type { Backend } from "../inference";
import type { ModelRecord } from "./records";
import { testDevice } from "./testing";
import { backendOf, insteadOf, planVariant, untriedVariants, variantName, withLook, withWrong } from "./variant-choice";
import type { VariantWishes } from "./variants";

const listing = ["config.json", "tokenizer.json", "onnx/model.onnx"]
  .concat(["q4f16", "q4", "fp16", "quantized"].map((type) => `onnx/model_${type}.onnx`))
  .map((path) => ({ path, bytes: 10 }));

function planned(remembered: ModelRecord | undefined, backend: Backend, features?: readonly string[]): string {
  const device = testDevice(features ? { features } : {});
  return variantName(planVariant({ listing, remembered, backend, device, name: "m" }).graph);
}

const wishing = (variants: VariantWishes): ModelRecord => ({ id: "m", packages: [], facts: { files: [], variants } });
const graph = (type: string): string => `onnx/model_${type}.onnx`;

describe("the variant of a model", () => {
  it.each<[string, VariantWishes, Backend, string]>([
    ["is the one that its configuration wants", { webgpu: "q4" }, "webgpu", "q4"],
    ["follows the old name of 8 bits", { wasm: "q8" }, "wasm", "quantized"],
    ["follows the name of full precision", { webgpu: "fp32" }, "webgpu", "model.onnx"],
    ["is the usual one if the wanted one does not exist", { webgpu: "bnb4" }, "webgpu", "q4f16"],
    ["does not follow a wish for the other backend", { wasm: "q4" }, "webgpu", "q4f16"],
  ])("%s", (_, wishes, backend, variant) => {
    expect(planned(wishing(wishes), backend)).toBe(variant);
  });

  it("needs 16-bit arithmetic on the GPU if its caches have 16 bits", () => {
    expect(planned(wishing({}), "webgpu", [])).toBe("q4");
    expect(planned(wishing({ halfCaches: ["q4"] }), "webgpu", [])).toBe("model.onnx");
    expect(planned(wishing({ halfCaches: ["q4"], webgpu: "q4" }), "webgpu")).toBe("q4");
    expect(() => planned(wishing({ halfCaches: ["*"] }), "webgpu", [])).toThrow();
    expect(planned(wishing({ halfCaches: ["*"] }), "wasm")).toBe("quantized");
  });

  it("is replaced after wrong results, on the backend where they were", () => {
    const record: ModelRecord = { id: "m", packages: [] };
    const wrong = { graph: graph("q4f16"), backend: "webgpu" } as const;
    const replaced = { ...record, ...withWrong(record, wrong, { graph: graph("q4"), backend: "wasm" }) };
    expect(insteadOf(replaced)).toMatchObject({ backend: "wasm" });
    expect(planned(replaced, "wasm")).toBe("q4");
    expect(planned(replaced, "webgpu")).toBe("q4");
    const names = (backend: Backend) =>
      untriedVariants({ listing, remembered: replaced, backend, device: testDevice(), name: "m" }).map((plan) =>
        variantName(plan.graph),
      );
    expect(names("webgpu")).toEqual(["q4", "fp16", "model.onnx", "quantized"]);
    expect(names("wasm")).toContain("q4f16");
  });

  it("is passed over on a GPU whose largest buffer is too small for one of its weights", () => {
    const file = listing.find(({ path }) => path === graph("q4f16"))!;
    const record: ModelRecord = { id: "m", packages: [] };
    const seen = (bytes: number) => ({ ...record, ...withLook(record, { file, largestWeightBytes: bytes }) });
    expect(planned(seen(2 ** 30), "webgpu")).toBe("q4f16");
    expect(planned(seen(2 ** 30 + 1), "webgpu")).toBe("q4");
    const changed = { ...record, ...withLook(record, { file: { ...file, bytes: 11 }, largestWeightBytes: 2 ** 31 }) };
    expect(planned(changed, "webgpu")).toBe("q4f16");
  });

  it("runs on the CPU if none is left that may run on the GPU", () => {
    const halves = listing.filter(({ path }) => !path.endsWith(".onnx") || path.includes("16"));
    const device = testDevice({ features: [] });
    const choice = { remembered: undefined, device, name: "m", preferred: "webgpu" } as const;
    expect(backendOf({ ...choice, listing })).toBe("webgpu");
    expect(backendOf({ ...choice, listing: halves })).toBe("wasm");
    expect(backendOf({ ...choice, listing: [] })).toBe("webgpu");
    const refused = (["q4f16", "fp16"] as const).reduce<ModelRecord>(
      (record, type) => ({ ...record, ...withWrong(record, { graph: graph(type), backend: "webgpu" }, undefined) }),
      { id: "m", packages: [] },
    );
    const able = { ...choice, device: testDevice() };
    expect(backendOf({ ...able, listing: halves })).toBe("webgpu");
    expect(backendOf({ ...able, listing: halves, remembered: refused })).toBe("wasm");
  });

  it("is tried again by another build of the site, and if there is no other", () => {
    const record: ModelRecord = { id: "m", packages: [] };
    const wrong = { graph: graph("q4f16"), backend: "webgpu" } as const;
    const { wrong: noted } = withWrong(record, wrong, undefined);
    const other = { ...record, wrong: (noted ?? []).map((variant) => ({ ...variant, build: "another" })) };
    expect(planned(other, "webgpu")).toBe("q4f16");
    const only = listing.filter(({ path }) => !path.endsWith(".onnx") || path === wrong.graph);
    const remembered = { ...record, wrong: noted };
    const plan = planVariant({ listing: only, remembered, backend: "webgpu", device: testDevice(), name: "m" });
    expect(plan.graph).toBe(wrong.graph);
  });
});
