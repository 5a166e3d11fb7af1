/** Parts of the guide model read from a source that counts: only their own bytes, in few requests. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { extractStage, readDecoder } from "../split";
import { weightsInFiles } from "../testing/files";
import { type WeightSource, stagePackage } from "./packages";

const GRAPH = new URL("../../../public/models/guide/onnx/model_q4.onnx", import.meta.url);
const decoder = readDecoder(new Uint8Array(readFileSync(GRAPH)));
const data = new Blob([readFileSync(`${GRAPH.pathname}_data`)]);
const signal = new AbortController().signal;

/** Reads from a blob, and notes what was asked for. */
function counting(): WeightSource & { readonly asked: { offset: number; length: number }[] } {
  const source = weightsInFiles(new Map([["model_q4.onnx_data", data]]));
  const asked: { offset: number; length: number }[] = [];
  return {
    asked,
    read: (location, offset, length, options) => {
      asked.push({ offset, length });
      return source.read(location, offset, length, options);
    },
  };
}

describe("a stage's package", () => {
  it.each([
    [0, 1],
    [2, 4],
    [0, 6],
  ])(
    "of the layers %i to %i reads hardly more than its own bytes, in few requests, and arranges them correctly",
    async (from, to) => {
      const weights = counting();
      const range = { embed: false, from, to, head: false };
      const stage = extractStage(decoder, range);
      const pkg = await stagePackage(stage, range, { id: "s", name: "S", weights, expand: true, signal });
      const { pieces } = stage;
      const own = pieces.reduce((sum, { length }) => sum + length, 0);
      const read = weights.asked.reduce((sum, { length }) => sum + length, 0);
      expect(read).toBeGreaterThanOrEqual(own);
      expect(read).toBeLessThan(own + 256 * 1024);
      expect(read).toBeLessThan(data.size);
      expect(weights.asked.length).toBeLessThan(8);
      for (const piece of pieces) {
        const file = pkg.files.find(({ path }) => path === piece.file)!;
        const laid = await file.blob.slice(piece.at, piece.at + piece.length).arrayBuffer();
        const original = await data.slice(piece.offset, piece.offset + piece.length).arrayBuffer();
        expect(Buffer.compare(Buffer.from(laid), Buffer.from(original))).toBe(0);
      }
    },
  );

  it("fails with a reason if a file is cut off or missing", async () => {
    const range = { embed: false, from: 0, to: 1, head: false };
    const read = (weights: WeightSource) =>
      stagePackage(extractStage(decoder, range), range, { id: "s", name: "S", weights, expand: true, signal });
    const cut = weightsInFiles(new Map([["model_q4.onnx_data", data.slice(0, 1_000)]]));
    await expect(read(cut)).rejects.toMatchObject({ code: "file-corrupt" });
    await expect(read(weightsInFiles(new Map()))).rejects.toMatchObject({ code: "file-missing" });
  });
});
