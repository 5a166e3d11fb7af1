/** Files that members give each other: the graph without its weights, and files with weights that are complete here. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SplitModel } from "../../pipeline";
import { GraphService } from "../../pipeline/graphs";
import type { ModelParts } from "../../models";
import { giveFile, giveGraph, modelOf } from "./weights";

const graphBytes = new Uint8Array(
  readFileSync(new URL("../../../public/models/guide/onnx/model_q4.onnx", import.meta.url)),
);
const { signal } = new AbortController();

/** A model of which these files are complete here. */
function known(stored: Readonly<Record<string, Blob>>) {
  const parts = {
    ...{ id: "guide", name: "Guide", graph: "onnx/m.onnx", graphBytes, weightsHash: "hash" },
    read: () => Promise.reject(new Error("not here")),
    stored: (location: string) => Promise.resolve(stored[location]),
  } as unknown as ModelParts;
  return SplitModel.read(parts, new GraphService());
}

describe("a member", async () => {
  const whole = new Blob(["the whole file"]);
  const model = await known({ "m.onnx": whole });
  const file = (location: string) => ({ model: "guide", graph: "onnx/m.onnx", weightsHash: "hash", location });

  it("gives the graph without its weights by another name than the graph's file", async () => {
    expect(giveGraph(model, file("#graph"))!.size).toBe(graphBytes.length);
    expect(giveGraph(model, file("m.onnx"))).toBeUndefined();
    expect(await giveFile(model, file("#graph"))).toBe(model.graphBlob);
    expect(await giveFile(model, file("m.onnx"))).toBe(whole);
  });

  it("gives nothing of other versions, and no file that is not complete", async () => {
    expect(await giveFile(model, file("other"))).toBeUndefined();
    for (const location of ["#graph", "m.onnx"]) {
      expect(await giveFile(model, { ...file(location), weightsHash: "another" })).toBeUndefined();
    }
  });

  it("reads a model that it does not know from its consumer", async () => {
    const asked: unknown[] = [];
    const read = async (...range: [string, number, number, unknown]) => {
      asked.push(range.slice(0, 3));
      return (await giveFile(model, file(range[0])))!;
    };
    const given = await modelOf(model.source, { read }, { graphs: new GraphService(), signal });
    expect(asked).toEqual([["#graph", 0, graphBytes.length]]);
    expect(given.layers).toBe(model.layers);
  });
});
