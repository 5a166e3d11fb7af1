/** Reads parts of models from a local hub: which requests are sent, what is stored, and which hashes nodes agree on. */
import { describe, expect, it } from "vitest";
import type { ModelEntry } from "./entry";
import { MemoryDisk } from "./memory-disk";
import { openModelParts } from "./model-parts";
import { prepareOnnx } from "./packages";
import { DATA, device, GRAPH, graphFile, hub, KeepingDisk, MIB, options, settled, signal, useHub } from "./testing/hub";

useHub();

async function same(blob: Blob, offset: number, length: number): Promise<boolean> {
  const bytes = Buffer.from(await blob.arrayBuffer());
  return Buffer.compare(bytes, hub.files.get(DATA)!.subarray(offset, offset + length)) === 0;
}

describe("parts of a model", () => {
  it("cost its listing and its graph, and then only the requested bytes", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    expect(model).toMatchObject({
      id: "o/m",
      graph: "onnx/model_q4.onnx",
      weightBytes: 4 * MIB + hub.files.get(GRAPH)!.length,
      contextLength: 512,
    });
    expect(Buffer.from(model.graphBytes)).toEqual(hub.files.get(GRAPH));
    hub.seen.length = 0;
    expect(await same(await model.read("model_q4.onnx_data", 1000, 500, options), 1000, 500)).toBe(true);
    expect(hub.seen).toEqual(["model_q4.onnx_data 1000-1499"]);
  });

  it("are requested once, in this visit and in later ones", async () => {
    const { entry, visit } = device();
    const first = await openModelParts(await visit(), entry, options);
    await first.read("model_q4.onnx_data", 1000, 500, options);
    hub.seen.length = 0;
    const again = await first.read("model_q4.onnx_data", 1000, 500, options);
    expect(await same(again, 1000, 500)).toBe(true);
    const second = await openModelParts(await visit(), entry, options);
    expect(await same(await second.read("./model_q4.onnx_data", 1100, 300, options), 1100, 300)).toBe(true);
    expect(hub.seen.filter((request) => request.includes("data"))).toEqual([]);
  });

  it("next to stored ones cost only the missing bytes, in pieces that can be kept", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    await model.read("model_q4.onnx_data", 100, 100, options);
    hub.seen.length = 0;
    const length = 3.5 * MIB;
    expect(await same(await model.read("model_q4.onnx_data", 50, length, options), 50, length)).toBe(true);
    expect(hub.seen).toEqual([
      "model_q4.onnx_data 50-99",
      `model_q4.onnx_data 200-${2 * MIB - 1}`,
      `model_q4.onnx_data ${2 * MIB}-${50 + length - 1}`,
    ]);
  });

  it("share one request if two callers want the same at once", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    hub.seen.length = 0;
    const read = () => model.read("model_q4.onnx_data", 0, 1000, options);
    const [one, two] = await Promise.all([read(), read()]);
    expect([await same(one, 0, 1000), await same(two, 0, 1000), hub.seen.length]).toEqual([true, true, 1]);
  });

  it("come from the store if it has the whole model, with the hash of `prepare`", async () => {
    const { entry, visit } = device();
    const here = await visit();
    const early = await (await openModelParts(here, entry, options)).settings(settled);
    expect(early.files.map(({ path }) => path)).toEqual(["config.json", "tokenizer.json"]);
    const whole = await prepareOnnx(here, { entry, backend: "wasm", ...settled });
    expect(early.packageHash).toBe(whole.packageHash);
    hub.seen.length = 0;
    const model = await openModelParts(here, entry, options);
    expect(await same(await model.read("model_q4.onnx_data", 7, 70, options), 7, 70)).toBe(true);
    expect(await same((await model.stored("model_q4.onnx_data"))!, 0, 4 * MIB)).toBe(true);
    expect(hub.seen.filter((request) => request.includes("data"))).toEqual([]);
  });

  it("have the same hash on all nodes, whatever is stored there, unless the hosts' files differ", async () => {
    const [one, two] = [device(), device()];
    await prepareOnnx(await one.visit(), { entry: one.entry, backend: "wasm", ...settled });
    const hash = async ({ entry, visit }: ReturnType<typeof device>) =>
      (await openModelParts(await visit(), entry, options)).weightsHash;
    const first = await hash(one);
    expect(await hash(two)).toBe(first);
    hub.files.set(DATA, Buffer.alloc(4 * MIB, 1));
    expect(await hash(two)).not.toBe(first);
  });

  it("of an older version are deleted and not used", async () => {
    const { entry, visit, records } = device();
    await (await openModelParts(await visit(), entry, options)).read("model_q4.onnx_data", 0, 100, options);
    hub.files.set(DATA, Buffer.alloc(4 * MIB, 1));
    hub.etag = "two";
    const model = await openModelParts(await visit(), entry, options);
    expect(await same(await model.read("model_q4.onnx_data", 0, 100, options), 0, 100)).toBe(true);
    expect((await records.files()).filter(({ part }) => part?.file === DATA)).toHaveLength(1);
  });

  it("of a file that changed without a new listing are deleted, and the next try succeeds", async () => {
    hub.listed = false;
    const { entry, visit } = device();
    await (await openModelParts(await visit(), entry, options)).read("model_q4.onnx_data", 0, 100, options);
    hub.files.set(DATA, Buffer.alloc(4 * MIB, 1));
    hub.etag = "two";
    const model = await openModelParts(await visit(), entry, options);
    const read = () => model.read("model_q4.onnx_data", 0, 200, options);
    await expect(read()).rejects.toMatchObject({ code: "file-corrupt" });
    expect(await same(await read(), 0, 200)).toBe(true);
  });

  it("are deleted with the model, and until then count as partly stored", async () => {
    const { entry, visit, disk, records } = device();
    const here = await visit();
    const model = await openModelParts(here, entry, options);
    await model.read("model_q4.onnx_data", 0, 100, options);
    expect(await model.stored("model_q4.onnx_data")).toBeUndefined();
    await here.index.refresh();
    expect(here.index.info(entry).stored).toBe("partial");
    const kept = (await records.files()).find(({ part }) => part)!;
    await here.store.service.remove("o/m");
    expect([await records.files(), await disk.blob("o/m", kept.path)]).toEqual([[], undefined]);
    hub.seen.length = 0;
    await model.read("model_q4.onnx_data", 0, 100, options);
    expect(hub.seen).toHaveLength(1);
  });

  it("are returned but not kept if the disk is full or there is none", async () => {
    class FullDisk extends KeepingDisk {
      override async openWriter(model: string, path: string) {
        const writer = await super.openWriter(model, path);
        if (/[@#]/.test(path)) writer.append = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
        return writer;
      }
    }
    for (const disk of [new FullDisk(), new MemoryDisk()]) {
      const { entry, visit, records } = device(disk);
      const model = await openModelParts(await visit(), entry, options);
      expect(await same(await model.read("model_q4.onnx_data", 9, 100, options), 9, 100)).toBe(true);
      expect((await records.files()).some(({ part }) => part)).toBe(false);
    }
  });

  it("of a small file are cut from the whole file if its host delivers whole files only", async () => {
    hub.wholeOnly = true;
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    expect(await same(await model.read("model_q4.onnx_data", 9, 100, options), 9, 100)).toBe(true);
  });

  it("can belong to a graph that a peer has chosen, if it exists", async () => {
    hub.files.set("onnx/model_fp16.onnx", graphFile(Buffer.alloc(9)));
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, { ...options, graph: "onnx/model_fp16.onnx" });
    expect(Buffer.from(model.graphBytes)).toEqual(hub.files.get("onnx/model_fp16.onnx"));
    for (const graph of ["onnx/model_q8.onnx", "config.json", "../secret.onnx"]) {
      const opened = openModelParts(await visit(), entry, { ...options, graph });
      await expect(opened).rejects.toMatchObject({ code: "file-missing" });
    }
  });

  it("that lie outside of the file are refused without a request", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    hub.seen.length = 0;
    for (const [at, length] of [
      [-1, 10],
      [0, -1],
      [0.5, 10],
      [4 * MIB, 1],
      [0, NaN],
    ] as const) {
      const read = model.read("model_q4.onnx_data", at, length, options);
      await expect(read).rejects.toMatchObject({ code: "file-corrupt" });
    }
    const other = model.read("../config.json", 0, 1, options);
    await expect(other).rejects.toMatchObject({ code: "file-missing" });
    expect(hub.seen).toEqual([]);
  });

  it("of files that have disappeared throw `file-missing`", async () => {
    const { entry, visit } = device();
    const here = await visit();
    const names = ["config.json", "tokenizer.json", "model_q4.onnx", "model_q4.onnx_data"];
    const picked = names.map((path) => {
      return { path, blob: new Blob(path === "model_q4.onnx" ? [graphFile() as BlobPart] : ["123456789"]) };
    });
    await here.index.remember("o/m", {
      facts: { files: picked.map(({ path, blob }) => ({ path, bytes: blob.size })) },
    });
    const own = { ...entry, origin: { kind: "files" } } as const;
    await here.store.service.importFiles("o/m", picked.slice(0, 3), { signal, onProgress: () => undefined });
    const model = await openModelParts(here, own, options);
    const read = () => model.read("model_q4.onnx_data", 2, 3, options);
    await expect(read()).rejects.toMatchObject({ code: "file-missing" });
    await here.store.service.importFiles("o/m", picked.slice(3), { signal, onProgress: () => undefined });
    expect(await (await read()).text()).toBe("345");
    expect(hub.seen).toEqual([]);
  });

  it("stop when they are aborted, and are refused for a model that cannot be split", async () => {
    const { entry, visit } = device();
    const here = await visit();
    const model = await openModelParts(here, entry, options);
    const controller = new AbortController();
    const read = model.read("model_q4.onnx_data", 0, 3 * MIB, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
    const origin = { kind: "webllm", modelUrl: hub.url, libraryUrl: hub.url } as ModelEntry["origin"];
    const opened = openModelParts(here, { ...entry, origin }, options);
    await expect(opened).rejects.toMatchObject({
      code: "unsupported-model",
      message: expect.stringContaining("cannot be split") as string,
    });
  });
});
