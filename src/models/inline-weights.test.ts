/** Reads parts of models whose weights are inside of the graph's file. */
import { beforeEach, describe, expect, it } from "vitest";
import { readGraph } from "../onnx";
import { openModelParts } from "./model-parts";
import { prepareOnnx } from "./packages";
import { DATA, device, GRAPH, graphFile, hub, options, settled, WEIGHTS, useHub } from "./testing/hub";

useHub();

describe("a model whose weights are inside of its graph's file", () => {
  const name = "model_q4.onnx";
  const requests = (): string[] => hub.seen.filter((request) => request.startsWith(`${name} `));

  beforeEach(() => {
    hub.files.delete(DATA);
    hub.files.set(GRAPH, graphFile(WEIGHTS));
  });

  /** The weight, as the graph says where it lies. */
  const weightOf = ({ graphBytes }: { graphBytes: Uint8Array }) => readGraph(graphBytes).initializers[0]!.external!;

  it("costs a few kilobytes, and then only the requested bytes", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    expect(model.graphBytes.length).toBeLessThan(1000);
    expect(requests().length).toBeLessThan(4);
    const { location, offset, length = 0 } = weightOf(model);
    expect([location, length]).toEqual([name, WEIGHTS.length]);
    hub.seen.length = 0;
    const part = Buffer.from(await (await model.read(location, offset + 1000, 500, options)).arrayBuffer());
    expect(Buffer.compare(part, WEIGHTS.subarray(1000, 1500))).toBe(0);
    expect(hub.seen).toEqual([`${name} ${offset + 1000}-${offset + 1499}`]);
    expect(await model.stored(name)).toBeUndefined();
  });

  it("keeps its graph for the next visit if its hash is listed, until the file changes", async () => {
    const { entry, visit, records } = device();
    const first = await openModelParts(await visit(), entry, options);
    hub.seen.length = 0;
    const second = await openModelParts(await visit(), entry, options);
    expect([second.graphBytes, requests()]).toEqual([first.graphBytes, []]);
    hub.files.set(GRAPH, graphFile(WEIGHTS.subarray(1)));
    const third = await openModelParts(await visit(), entry, options);
    expect(weightOf(third).length).toBe(WEIGHTS.length - 1);
    expect(third.weightsHash).not.toBe(first.weightsHash);
    expect((await records.files()).filter(({ part }) => part)).toHaveLength(1);
  });

  it("comes from the store if it is there, with the same hash as elsewhere", async () => {
    const [one, two] = [device(), device()];
    const here = await one.visit();
    const whole = await prepareOnnx(here, { entry: one.entry, backend: "wasm", ...settled });
    hub.seen.length = 0;
    const stored = await openModelParts(here, one.entry, options);
    expect(requests()).toEqual([]);
    expect((await stored.stored(name))!.size).toBe(hub.files.get(GRAPH)!.length);
    const elsewhere = await openModelParts(await two.visit(), two.entry, options);
    expect(elsewhere.weightsHash).toBe(stored.weightsHash);
    expect((await elsewhere.settings(settled)).packageHash).toBe(whole.packageHash);
  });

  it("is refused if the file changes between its graph and its weights, even without a listed hash", async () => {
    hub.listed = false;
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    const { location, offset } = weightOf(model);
    hub.etag = "two";
    await expect(model.read(location, offset, 100, options)).rejects.toMatchObject({ code: "file-corrupt" });
  });

  it("is read whole if it is small and its host delivers whole files only", async () => {
    hub.wholeOnly = true;
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    expect(model.graphBytes.length).toBeLessThan(1000);
    const { location, offset } = weightOf(model);
    expect((await model.read(location, offset, 100, options)).size).toBe(100);
  });

  it("is refused if its graph is too large, or not the one that a peer means", async () => {
    const { entry, visit } = device();
    const small = openModelParts(await visit(), entry, { ...options, maxGraphBytes: 50 });
    await expect(small).rejects.toMatchObject({ code: "unsupported-model" });
    const other = openModelParts(await visit(), entry, { ...options, graphBytes: 50 });
    await expect(other).rejects.toMatchObject({ message: expect.stringContaining("other files") as string });
  });

  it("tells how far the reading of its graph is", async () => {
    hub.files.set(GRAPH, graphFile(WEIGHTS, WEIGHTS, WEIGHTS));
    const { entry, visit } = device();
    const told: number[] = [];
    await openModelParts(await visit(), entry, {
      ...options,
      onProgress: ({ loadedBytes, totalBytes }) => told.push(loadedBytes / totalBytes),
    });
    expect(told.length).toBeGreaterThan(0);
    expect(told.every((share) => share > 0.3 && share <= 1)).toBe(true);
  });
});
