/** Expanded weights against the operator they stand for, on ONNX Runtime's WASM build in Node. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type QuantizedGraph, type QuantizedProduct, quantizedGraph } from "../testing";
import { guidePackage, nodeOrt, randomPackage } from "../testing/node";
import { type GraphWithWeights, expandWeights } from "./expand-weights";
import { type Graph, readGraph } from "../../onnx";
import { readPackage } from "./package-files";

const signal = new AbortController().signal;

type Files = GraphWithWeights & { readonly graph: Graph };

function filesOf({ model, external }: Pick<QuantizedGraph, "model" | "external">): Files {
  const data = external.map(({ name, bytes }) => ({ path: name, data: new Blob([bytes as BlobPart]) }));
  return { graphBytes: model, graph: readGraph(model), external: data };
}

function operators(files: GraphWithWeights): string[] {
  return readGraph(files.graphBytes).nodes.map(({ op }) => op);
}

/** The one file that the expanded weights are in, as floats. */
function expandedFloats(files: GraphWithWeights): Float32Array {
  const data = files.external.at(-1)?.data;
  if (!(data instanceof Uint8Array)) throw new Error("nothing was expanded");
  return new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
}

/** Every product's output for some rows of input. */
async function run(files: GraphWithWeights, products: readonly QuantizedProduct[]): Promise<Float32Array[]> {
  const ort = await nodeOrt();
  const session = await ort.InferenceSession.create(files.graphBytes, {
    externalData: [...files.external],
    executionProviders: ["wasm"],
  });
  const feeds = products.map(({ rows }, index) => {
    const values = Float32Array.from({ length: 3 * rows }, (_, at) => Math.sin(at * 1.7 + index));
    return [`x${index}`, new ort.Tensor("float32", values, [1, 3, rows])] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  const values = products.map((_, index) => (outputs[`y${index}`]?.data as Float32Array).slice());
  await session.release();
  return values;
}

function expectClose(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  for (const [index, values] of expected.entries()) {
    expect(new Set(values).size).toBeGreaterThan(2); // zeros alone would prove little
    for (const [at, value] of values.entries()) expect(actual[index]![at]).toBeCloseTo(value, 4);
  }
}

const PLAIN: QuantizedProduct = { rows: 64, columns: 40, blockSize: 32 };

describe("expandWeights", () => {
  const layouts: [string, QuantizedProduct][] = ([4, 8] as const).flatMap((bits) =>
    [16, 32, 128].flatMap((blockSize) =>
      [false, true].flatMap((zeroPoints) =>
        [
          [256, 48],
          [blockSize + 5, 17], // the last block of a column is begun only, and no size is round
          [3, 1],
        ].map(([rows = 0, columns = 0]): [string, QuantizedProduct] => [
          `${bits} bits, blocks of ${blockSize}, ${rows} × ${columns}${zeroPoints ? ", zero points" : ""}`,
          { rows, columns, bits, blockSize, zeroPoints },
        ]),
      ),
    ),
  );

  it.each(layouts)("computes exactly the operator's matrix, and its products: %s", async (_, product) => {
    const graph = quantizedGraph([product]);
    const files = filesOf(graph);
    const expanded = await expandWeights(files, { signal });
    expect(operators(expanded)).toEqual(["MatMul"]);
    expect(expandedFloats(expanded)).toEqual(graph.matrices[0]);
    expectClose(await run(expanded, [product]), await run(files, [product]));
  });

  it.each([[[]], [["a.bin"]], [["a.bin", "b.bin", "c.bin"]]])(
    "expands several products from the files %j, which are then no longer loaded",
    async (externalFiles) => {
      const products = [PLAIN, { ...PLAIN, rows: 100, zeroPoints: true }, { ...PLAIN, columns: 7, bits: 8 as const }];
      const graph = quantizedGraph(products, { externalFiles });
      const expanded = await expandWeights(filesOf(graph), { signal });
      expect(expanded.external).toHaveLength(1);
      const all = graph.matrices.flatMap((matrix) => [...matrix]);
      expect([...expandedFloats(expanded)]).toEqual(all);
      expectClose(await run(expanded, products), await run(filesOf(graph), products));
    },
  );

  it("expands tied weights once", async () => {
    const products = [PLAIN, { ...PLAIN, tied: true }];
    const files = filesOf(quantizedGraph(products));
    const expanded = await expandWeights(files, { signal });
    expect(operators(expanded)).toEqual(["MatMul", "MatMul"]);
    expect(expandedFloats(expanded)).toHaveLength(PLAIN.rows * PLAIN.columns);
    expectClose(await run(expanded, products), await run(files, products));
  });

  it("keeps constants that another operator reads", async () => {
    const products = [PLAIN, { ...PLAIN, tied: true, bias: true }];
    const files = filesOf(quantizedGraph(products, { externalFiles: ["a.bin"] }));
    const expanded = await expandWeights(files, { signal });
    expect(operators(expanded)).toEqual(["MatMul", "MatMulNBits"]);
    expect(expanded.external.map(({ path }) => path)).toContain("a.bin");
    expectClose(await run(expanded, products), await run(files, products));
  });

  it.each([
    ["a bias", { bias: true }],
    ["an attribute that nobody here knows", { attributes: { weight_prepacked: 1 } }],
    ["2 bits", { attributes: { bits: 2 } }],
    ["a block size that is no power of two", { attributes: { block_size: 48 } }],
    ["sizes that do not agree", { attributes: { N: 39 } }],
    ["absurd sizes", { attributes: { N: 2 ** 52, K: 2 ** 52 } }],
    ["negative sizes", { attributes: { K: -64 } }],
    ["codes of other dimensions", { codeDims: [40, 4, 8] }],
  ] as const)("leaves an operator with %s as it is", async (_, change) => {
    const files = filesOf(quantizedGraph([{ ...PLAIN, ...change }], { externalFiles: ["a.bin"] }));
    expect(await expandWeights(files, { signal })).toBe(files);
    const both = filesOf(quantizedGraph([{ ...PLAIN, ...change }, PLAIN]));
    expect(operators(await expandWeights(both, { signal }))).toEqual(["MatMulNBits", "MatMul"]);
  });

  it("leaves other graphs as they are", async () => {
    const pkg = randomPackage({ seed: 1, attention: "grouped", positionIds: false });
    const files = await readPackage(pkg, { signal });
    expect(await expandWeights(files, { signal })).toBe(files);
  });

  it("leaves a graph as it is if its expanded weights exceed the budget, without reading a weight", async () => {
    const files = filesOf(quantizedGraph([PLAIN, { ...PLAIN, columns: 8 }], { externalFiles: ["a.bin"] }));
    const bytes = PLAIN.rows * (PLAIN.columns + 8) * 4;
    const unread = files.external.map(({ path }) => ({
      path,
      get data(): Blob {
        throw new Error("a weight was read");
      },
    }));
    const closed = { ...files, external: unread };
    expect(await expandWeights(closed, { signal, maxBytes: bytes - 1 })).toBe(closed);
    expect(await expandWeights(files, { signal, maxBytes: bytes })).not.toBe(files);
  });

  it("throws `file-corrupt` if the weights are shorter than the graph declares", async () => {
    const graph = quantizedGraph([PLAIN], { externalFiles: ["a.bin"] });
    for (const length of [0, 1, (graph.external[0]?.bytes.length ?? 0) - 1]) {
      const cut = graph.external.map(({ name, bytes }) => ({ name, bytes: bytes.slice(0, length) }));
      const expanding = expandWeights(filesOf({ model: graph.model, external: cut }), { signal });
      await expect(expanding).rejects.toMatchObject({ code: "file-corrupt" });
    }
    await expect(expandWeights(filesOf({ model: graph.model, external: [] }), { signal })).rejects.toMatchObject({
      code: "file-corrupt",
    });
  });

  it("accepts any damaged graph that can be read, or refuses it with its own error", async () => {
    const { model, external } = quantizedGraph([PLAIN, { ...PLAIN, zeroPoints: true }], { externalFiles: ["a.bin"] });
    const damage = fc.tuple(fc.nat(model.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = model.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          await expandWeights(filesOf({ model: bytes, external }), { signal });
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(not-a-model|file-corrupt)$/) as unknown });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("stops with the signal's reason", async () => {
    const reason = new Error("changed my mind");
    const files = filesOf(quantizedGraph([PLAIN], { externalFiles: ["a.bin"] }));
    await expect(expandWeights(files, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("expands all products of the guide, and drops none of its other weights", async () => {
    const files = await readPackage(guidePackage(), { signal });
    const expanded = await expandWeights(files, { signal });
    expect(operators(files).filter((op) => op === "MatMulNBits").length).toBeGreaterThan(20);
    expect(operators(expanded)).toEqual(operators(files).map((op) => (op === "MatMulNBits" ? "MatMul" : op)));
    const ort = await nodeOrt();
    const session = await ort.InferenceSession.create(expanded.graphBytes, { externalData: [...expanded.external] });
    await session.release();
  });
});
