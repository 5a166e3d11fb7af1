import { describe, expect, it } from "vitest";
import { engineOf, ggufParts, planGgufFiles } from "./gguf-files";
import { testDevice } from "./testing";

const files = (...entries: (readonly [string, number?])[]) => entries.map(([path, bytes]) => ({ path, bytes }));
const GIB = 2 ** 30;
const plan = (listing: ReturnType<typeof files>, memoryBytes?: number) =>
  planGgufFiles(listing, { ...testDevice(), memoryBytes }, "M");
const chosen = (listing: ReturnType<typeof files>, memoryBytes?: number) =>
  plan(listing, memoryBytes).files.map(({ path }) => path);

describe("the file of a GGUF repository", () => {
  const all = files(
    ["m-F16.gguf", 2.5 * GIB],
    ["m-Q8_0.gguf", 1.3 * GIB],
    ["m-Q4_K_M.gguf", 0.8 * GIB],
    ["m.Q2_K.gguf", 0.5 * GIB],
    ["mmproj-m-F16.gguf", 0.1 * GIB],
    ["m-mmproj-bf16.gguf", 0.1 * GIB],
    ["m.imatrix.gguf", 1000],
    ["README.md", 10],
  );

  it("has four bits where there is room for them", () => {
    expect(plan(all)).toMatchObject({ quantization: "Q4_K_M", weightBytes: 0.8 * GIB });
    expect(chosen(all.slice(0, 2))).toEqual(["m-Q8_0.gguf"]);
  });

  it("is one that fits the memory, or else the smallest", () => {
    expect(chosen(all, 1.2 * GIB)).toEqual(["m.Q2_K.gguf"]);
    expect(chosen(all, 0.1 * GIB)).toEqual(["m.Q2_K.gguf"]);
    expect(chosen(files(["a-Q4_K_M.gguf", 4 * GIB], ["a-Q3_K_M.gguf", 3 * GIB]))).toEqual(["a-Q3_K_M.gguf"]);
  });

  it("may have any name, and a size that nobody says", () => {
    expect(plan(files(["weights.gguf"]))).toMatchObject({ quantization: undefined, weightBytes: undefined });
    expect(chosen(files(["b.gguf", 5], ["a.gguf", 5]))).toEqual(["a.gguf"]);
  });

  it("may have several parts, in their order", () => {
    const parts = ggufParts("q/m-Q4_0-00001-of-00003.gguf");
    expect(parts[2]).toBe("q/m-Q4_0-00003-of-00003.gguf");
    const listing = parts.toReversed().map((path) => ({ path, bytes: GIB }));
    expect(plan(listing)).toMatchObject({ quantization: "Q4_0", weightBytes: 3 * GIB });
    expect(chosen(listing)).toEqual(parts);
    expect(() => plan(listing.slice(1))).toThrow(expect.objectContaining({ code: "file-missing" }));
    expect(chosen([...listing.slice(1), { path: "m-Q8_0.gguf", bytes: GIB }])).toEqual(["m-Q8_0.gguf"]);
  });

  it("may have a name that claims no part or too many", () => {
    expect(chosen(files(["m-Q4_0-00001-of-00000.gguf", 5]))).toEqual(["m-Q4_0-00001-of-00000.gguf"]);
    const many = Array.from({ length: 2000 }, (_, index) => [`m${index}-00001-of-99999.gguf`, 5] as const);
    expect(chosen(files(...many, ["m-Q8_0.gguf", 5]))).toEqual(["m-Q8_0.gguf"]);
    expect(ggufParts("m-00001-of-00256.gguf")).toHaveLength(256);
    for (const count of ["00257", "99999"]) {
      const refusal = { code: "not-a-model", message: expect.stringContaining("At most 256") as string };
      expect(() => ggufParts(`m-00001-of-${count}.gguf`)).toThrow(expect.objectContaining(refusal));
    }
  });

  it("is refused where there is none of a text model", () => {
    expect(() => plan(files(["mmproj-F16.gguf", 5]))).toThrow(expect.objectContaining({ code: "not-a-model" }));
  });
});

describe("the engine of a repository", () => {
  it("is that of its graphs where it has both formats", () => {
    expect(engineOf(files(["onnx/model_q4.onnx"], ["m.gguf"]))).toBe("onnx");
    expect(engineOf(files(["m.gguf"], ["config.json"]))).toBe("wllama");
    expect(engineOf([])).toBe("onnx");
  });
});
