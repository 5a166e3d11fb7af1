/** ONNX Runtime reads one weight after another from files that are read lazily. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { OnnxWriter } from "../testing/onnx-writer";
import { nodeOrt } from "../testing/node";
import { lazyBytes } from "./lazy-bytes";

const WIDTH = 64;
const WEIGHTS = [1, 2, 3].map((seed) => Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => Math.sin(i * seed) / 8));

/** A chain of products, with all weights in one file. */
function model(): { graph: Uint8Array; file: Uint8Array } {
  const writer = new OnnxWriter(["w.bin"]);
  let x = writer.input({ name: "x", type: "float32", shape: [1, WIDTH] });
  for (const weight of WEIGHTS) x = writer.node("MatMul", [x, writer.weight([WIDTH, WIDTH], weight)]);
  writer.node("Identity", [x], { outputs: ["y"] });
  writer.output({ name: "y", type: "float32", shape: [1, WIDTH] });
  const { model: graph, external } = writer.build();
  return { graph, file: external[0]!.bytes };
}

async function run(graph: Uint8Array, data: Blob | Uint8Array): Promise<Float32Array> {
  const ort = await nodeOrt();
  const session = await ort.InferenceSession.create(graph, {
    externalData: [{ path: "w.bin", data }],
    executionProviders: ["wasm"],
  });
  const { y } = await session.run({ x: new ort.Tensor("float32", new Float32Array(WIDTH).fill(1), [1, WIDTH]) });
  await session.release();
  return y!.data as Float32Array;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a file of weights", () => {
  it("is read one weight at a time, where that is possible, and gives the same results", async () => {
    const { graph, file } = model();
    // Node cannot read a blob at once, so the reader knows the bytes of the slices that were made.
    const slices = new Map<Blob, Uint8Array<ArrayBuffer>>();
    const sizes: number[] = [];
    class Reader {
      readAsArrayBuffer(slice: Blob): ArrayBuffer {
        sizes.push(slice.size);
        return slices.get(slice)!.buffer;
      }
    }
    vi.stubGlobal("FileReaderSync", Reader);
    const blob = new Blob([file as BlobPart]);
    vi.spyOn(blob, "slice").mockImplementation((from, to) => {
      const bytes = file.slice(from, to);
      const slice = new Blob([bytes]);
      slices.set(slice, bytes);
      return slice;
    });
    const whole = vi.spyOn(blob, "arrayBuffer");
    const lazy = await run(graph, lazyBytes(blob));
    expect(whole).not.toHaveBeenCalled();
    expect(sizes.length).toBeGreaterThanOrEqual(WEIGHTS.length);
    expect(Math.max(...sizes)).toBe(WIDTH * WIDTH * 4);
    expect(new Set(lazy).size).toBeGreaterThan(8);
    expect(lazy).toEqual(await run(graph, file));
  });

  it("stays a blob where it cannot be read at once", () => {
    const blob = new Blob(["w"]);
    expect(lazyBytes(blob)).toBe(blob);
  });
});
