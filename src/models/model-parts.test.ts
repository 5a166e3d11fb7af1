/** Reads parts of models from a local hub: which requests are sent, what is stored, and which hashes nodes agree on. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ModelEntry } from "./entry";
import { ModelHosts } from "./hosts";
import { MemoryDisk } from "./memory-disk";
import { checkBeforeDownload, openModelParts, type PartsOptions } from "./model-parts";
import { prepareOnnx, type PackageParts } from "./packages";
import { ModelRecords } from "./records";
import { ModelIndex } from "./model-index";
import { connectStore } from "./store-client";
import { FakeWorker } from "../border/testing/worker";
import { decoders } from "../inference";
import { randomDecoder, randomDecoderApart } from "../inference/testing";
import { ELEMENT, nodeMessage, readGraph, tensorMessage, writeModel } from "../onnx";
import { ModelStore } from "./store-service";
import { testDevice } from "./testing";

const DATA = "onnx/model_q4.onnx_data";
const MIB = 2 ** 20;
const signal = new AbortController().signal;
const options: PartsOptions = { signal, backend: "wasm", maxGraphBytes: MIB };
const settled = { signal, onProgress: () => undefined };

/** Weights in which no two places look alike nearby. Made once: it takes longer than most tests. */
const WEIGHTS = Buffer.from(Uint8Array.from({ length: 4 * MIB }, (_, i) => (i * 7 + (i >> 12)) % 251));

const GRAPH = "onnx/model_q4.onnx";
/** A graph with these weights inside of its file. */
function graphFile(...weights: readonly Buffer[]): Buffer {
  const rest = { inputs: [], outputs: [], described: [], annotations: [], otherFields: [] };
  const nodes = [nodeMessage({ op: "Neg", name: "neg", inputs: ["w"], outputs: ["y"] })];
  const initializers = weights.map((weight, index) =>
    tensorMessage({ name: index === 0 ? "w" : `w${index}`, type: ELEMENT.uint8, dims: [weight.length] }, weight),
  );
  return Buffer.from(writeModel([], { nodes, initializers, ...rest }));
}

/** The files of the hub; `seen` records the requests. */
const files = new Map<string, Buffer>();
const seen: string[] = [];
let listed = true;
let etag = "one";
let wholeOnly = false;
let base = "";

const server = createServer((request, response) => {
  const url = request.url ?? "";
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  seen.push(`${url.split("/").at(-1)}${range ? ` ${range[1]}-${range[2]}` : ""}`);
  if (url.startsWith("/api/")) {
    const siblings = [...files].map(([rfilename, bytes]) => ({
      rfilename,
      size: bytes.length,
      ...(listed && rfilename.includes(".onnx") && { lfs: { sha256: sha256(bytes) } }),
    }));
    response.end(JSON.stringify({ siblings }));
    return;
  }
  const content = files.get(url.split("/resolve/main/")[1] ?? "");
  if (!content) response.writeHead(404).end();
  else if (!range || wholeOnly) response.writeHead(200, { ETag: etag, "Content-Length": content.length }).end(content);
  else {
    const end = Math.min(Number(range[2]), content.length - 1);
    const part = content.subarray(Number(range[1]), end + 1);
    response.writeHead(206, { ETag: etag, "Content-Range": `bytes ${range[1]}-${end}/${content.length}` }).end(part);
  }
});

beforeAll(async () => {
  // Slow machines pause longer than the five seconds after which idle connections would be reset.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

beforeEach(() => {
  files.clear();
  files.set("config.json", Buffer.from('{"model_type":"llama"}'));
  files.set("tokenizer.json", Buffer.from("{}"));
  files.set(GRAPH, graphFile());
  files.set(DATA, WEIGHTS);
  [listed, etag, wholeOnly] = [true, "one", false];
  seen.length = 0;
});

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Files that outlive the store, like those of a private file system. */
class KeepingDisk extends MemoryDisk {
  override readonly inMemory = false;
}

/** A browser's storage; each call of `visit` opens it again. */
function device(disk: MemoryDisk = new KeepingDisk()) {
  const records = ModelRecords.inMemory();
  const entry: ModelEntry = {
    id: "o/m",
    name: "M",
    engine: "onnx",
    source: "catalog",
    origin: { kind: "hub", repository: "o/m" },
    contextLength: 512,
    memoryBytes: undefined,
  };
  const visit = async () => {
    const waits = { backoffMs: () => 0, wait: () => Promise.resolve(), maxPartBytes: 2 * MIB };
    const store = connectStore(() => new FakeWorker(new ModelStore({ disk, records }, waits)).asWorker);
    const hosts = new ModelHosts(base, []);
    const parts = { device: testDevice(), records, store, hosts, decoders };
    const index = new ModelIndex(parts, [entry], await records.models());
    return { ...parts, index } satisfies PackageParts & { records: ModelRecords };
  };
  return { entry, disk, records, visit };
}

async function same(blob: Blob, offset: number, length: number): Promise<boolean> {
  const bytes = Buffer.from(await blob.arrayBuffer());
  return Buffer.compare(bytes, files.get(DATA)!.subarray(offset, offset + length)) === 0;
}

describe("parts of a model", () => {
  it("cost its listing and its graph, and then only the requested bytes", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    expect(model).toMatchObject({
      id: "o/m",
      graph: "onnx/model_q4.onnx",
      weightBytes: 4 * MIB + files.get(GRAPH)!.length,
      contextLength: 512,
    });
    expect(Buffer.from(model.graphBytes)).toEqual(files.get(GRAPH));
    seen.length = 0;
    expect(await same(await model.read("model_q4.onnx_data", 1000, 500, options), 1000, 500)).toBe(true);
    expect(seen).toEqual(["model_q4.onnx_data 1000-1499"]);
  });

  it("are requested once, in this visit and in later ones", async () => {
    const { entry, visit } = device();
    const first = await openModelParts(await visit(), entry, options);
    await first.read("model_q4.onnx_data", 1000, 500, options);
    seen.length = 0;
    const again = await first.read("model_q4.onnx_data", 1000, 500, options);
    expect(await same(again, 1000, 500)).toBe(true);
    const second = await openModelParts(await visit(), entry, options);
    expect(await same(await second.read("./model_q4.onnx_data", 1100, 300, options), 1100, 300)).toBe(true);
    expect(seen.filter((request) => request.includes("data"))).toEqual([]);
  });

  it("next to stored ones cost only the missing bytes, in pieces that can be kept", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    await model.read("model_q4.onnx_data", 100, 100, options);
    seen.length = 0;
    const length = 3.5 * MIB;
    expect(await same(await model.read("model_q4.onnx_data", 50, length, options), 50, length)).toBe(true);
    expect(seen).toEqual([
      "model_q4.onnx_data 50-99",
      `model_q4.onnx_data 200-${2 * MIB - 1}`,
      `model_q4.onnx_data ${2 * MIB}-${50 + length - 1}`,
    ]);
  });

  it("share one request if two callers want the same at once", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    seen.length = 0;
    const read = () => model.read("model_q4.onnx_data", 0, 1000, options);
    const [one, two] = await Promise.all([read(), read()]);
    expect([await same(one, 0, 1000), await same(two, 0, 1000), seen.length]).toEqual([true, true, 1]);
  });

  it("come from the store if it has the whole model, with the hash of `prepare`", async () => {
    const { entry, visit } = device();
    const here = await visit();
    const early = await (await openModelParts(here, entry, options)).settings(settled);
    expect(early.files.map(({ path }) => path)).toEqual(["config.json", "tokenizer.json"]);
    const whole = await prepareOnnx(here, { entry, backend: "wasm", ...settled });
    expect(early.packageHash).toBe(whole.packageHash);
    seen.length = 0;
    const model = await openModelParts(here, entry, options);
    expect(await same(await model.read("model_q4.onnx_data", 7, 70, options), 7, 70)).toBe(true);
    expect(await same((await model.stored("model_q4.onnx_data"))!, 0, 4 * MIB)).toBe(true);
    expect(seen.filter((request) => request.includes("data"))).toEqual([]);
  });

  it("have the same hash on all nodes, whatever is stored there, unless the hosts' files differ", async () => {
    const [one, two] = [device(), device()];
    await prepareOnnx(await one.visit(), { entry: one.entry, backend: "wasm", ...settled });
    const hash = async ({ entry, visit }: ReturnType<typeof device>) =>
      (await openModelParts(await visit(), entry, options)).weightsHash;
    const first = await hash(one);
    expect(await hash(two)).toBe(first);
    files.set(DATA, Buffer.alloc(4 * MIB, 1));
    expect(await hash(two)).not.toBe(first);
  });

  it("of an older version are deleted and not used", async () => {
    const { entry, visit, records } = device();
    await (await openModelParts(await visit(), entry, options)).read("model_q4.onnx_data", 0, 100, options);
    files.set(DATA, Buffer.alloc(4 * MIB, 1));
    etag = "two";
    const model = await openModelParts(await visit(), entry, options);
    expect(await same(await model.read("model_q4.onnx_data", 0, 100, options), 0, 100)).toBe(true);
    expect((await records.files()).filter(({ part }) => part?.file === DATA)).toHaveLength(1);
  });

  it("of a file that changed without a new listing are deleted, and the next try succeeds", async () => {
    listed = false;
    const { entry, visit } = device();
    await (await openModelParts(await visit(), entry, options)).read("model_q4.onnx_data", 0, 100, options);
    files.set(DATA, Buffer.alloc(4 * MIB, 1));
    etag = "two";
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
    seen.length = 0;
    await model.read("model_q4.onnx_data", 0, 100, options);
    expect(seen).toHaveLength(1);
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
    wholeOnly = true;
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    expect(await same(await model.read("model_q4.onnx_data", 9, 100, options), 9, 100)).toBe(true);
  });

  it("can belong to a graph that a peer has chosen, if it exists", async () => {
    files.set("onnx/model_fp16.onnx", graphFile(Buffer.alloc(9)));
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, { ...options, graph: "onnx/model_fp16.onnx" });
    expect(Buffer.from(model.graphBytes)).toEqual(files.get("onnx/model_fp16.onnx"));
    for (const graph of ["onnx/model_q8.onnx", "config.json", "../secret.onnx"]) {
      const opened = openModelParts(await visit(), entry, { ...options, graph });
      await expect(opened).rejects.toMatchObject({ code: "file-missing" });
    }
  });

  it("that lie outside of the file are refused without a request", async () => {
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    seen.length = 0;
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
    expect(seen).toEqual([]);
  });

  it("of files that have disappeared throw `file-missing`", async () => {
    const { entry, visit } = device();
    const here = await visit();
    const files = ["config.json", "tokenizer.json", "model_q4.onnx", "model_q4.onnx_data"];
    const picked = files.map((path) => {
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
    expect(seen).toEqual([]);
  });

  it("stop when they are aborted, and are refused for a model that cannot be split", async () => {
    const { entry, visit } = device();
    const here = await visit();
    const model = await openModelParts(here, entry, options);
    const controller = new AbortController();
    const read = model.read("model_q4.onnx_data", 0, 3 * MIB, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
    const origin = { kind: "webllm", modelUrl: base, libraryUrl: base } as ModelEntry["origin"];
    const opened = openModelParts(here, { ...entry, origin }, options);
    await expect(opened).rejects.toMatchObject({
      code: "unsupported-model",
      message: expect.stringContaining("cannot be split") as string,
    });
  });
});

describe("a model whose weights are inside of its graph's file", () => {
  const name = "model_q4.onnx";
  const requests = (): string[] => seen.filter((request) => request.startsWith(`${name} `));

  beforeEach(() => {
    files.delete(DATA);
    files.set(GRAPH, graphFile(WEIGHTS));
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
    seen.length = 0;
    const part = Buffer.from(await (await model.read(location, offset + 1000, 500, options)).arrayBuffer());
    expect(Buffer.compare(part, WEIGHTS.subarray(1000, 1500))).toBe(0);
    expect(seen).toEqual([`${name} ${offset + 1000}-${offset + 1499}`]);
    expect(await model.stored(name)).toBeUndefined();
  });

  it("keeps its graph for the next visit if its hash is listed, until the file changes", async () => {
    const { entry, visit, records } = device();
    const first = await openModelParts(await visit(), entry, options);
    seen.length = 0;
    const second = await openModelParts(await visit(), entry, options);
    expect([second.graphBytes, requests()]).toEqual([first.graphBytes, []]);
    files.set(GRAPH, graphFile(WEIGHTS.subarray(1)));
    const third = await openModelParts(await visit(), entry, options);
    expect(weightOf(third).length).toBe(WEIGHTS.length - 1);
    expect(third.weightsHash).not.toBe(first.weightsHash);
    expect((await records.files()).filter(({ part }) => part)).toHaveLength(1);
  });

  it("comes from the store if it is there, with the same hash as elsewhere", async () => {
    const [one, two] = [device(), device()];
    const here = await one.visit();
    const whole = await prepareOnnx(here, { entry: one.entry, backend: "wasm", ...settled });
    seen.length = 0;
    const stored = await openModelParts(here, one.entry, options);
    expect(requests()).toEqual([]);
    expect((await stored.stored(name))!.size).toBe(files.get(GRAPH)!.length);
    const elsewhere = await openModelParts(await two.visit(), two.entry, options);
    expect(elsewhere.weightsHash).toBe(stored.weightsHash);
    expect((await elsewhere.settings(settled)).packageHash).toBe(whole.packageHash);
  });

  it("is refused if the file changes between its graph and its weights, even without a listed hash", async () => {
    listed = false;
    const { entry, visit } = device();
    const model = await openModelParts(await visit(), entry, options);
    const { location, offset } = weightOf(model);
    etag = "two";
    await expect(model.read(location, offset, 100, options)).rejects.toMatchObject({ code: "file-corrupt" });
  });

  it("is read whole if it is small and its host delivers whole files only", async () => {
    wholeOnly = true;
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
    files.set(GRAPH, graphFile(WEIGHTS, WEIGHTS, WEIGHTS));
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

describe("decoders as exporters publish them", () => {
  const CONFIG = { model_type: "llama", num_key_value_heads: 2, head_dim: 16, max_position_embeddings: 128 };
  const publish = (folder: string, ...written: { readonly name: string; readonly bytes: Uint8Array }[]): void => {
    for (const { name, bytes } of written) files.set(folder + name, Buffer.from(bytes));
  };
  beforeEach(() => {
    files.delete(GRAPH);
    files.delete(DATA);
    files.set("config.json", Buffer.from(JSON.stringify(CONFIG)));
  });

  it("in two graphs are one to all who read them, and other graphs are never asked for", async () => {
    const { embedder, decoder } = randomDecoderApart({ layerEmbeddings: true });
    publish("onnx/", { name: "embed_tokens.onnx", bytes: embedder.model }, ...embedder.external);
    publish("onnx/", { name: "decoder_model_merged.onnx", bytes: decoder.model }, ...decoder.external);
    publish("onnx/", { name: "vision_encoder.onnx", bytes: decoder.model });
    const { entry, visit } = device();
    const opened = await visit();
    const model = await openModelParts(opened, entry, options);
    expect(model.graph).toBe("onnx/decoder_model_merged.onnx");
    expect(readGraph(model.graphBytes).inputs.map(({ name }) => name)).not.toContain("inputs_embeds");
    for (const { name, bytes } of [...embedder.external, ...decoder.external]) {
      const part = await model.read(name, 8, 100, options);
      expect(Buffer.compare(Buffer.from(await part.arrayBuffer()), bytes.subarray(8, 108))).toBe(0);
    }
    const { packageHash } = await model.settings(settled);
    const whole = await prepareOnnx(opened, { entry, backend: "wasm", ...settled });
    expect(whole).toMatchObject({ graph: model.graph, embedder: "onnx/embed_tokens.onnx", packageHash });
    expect(seen.filter((request) => request.includes("vision"))).toEqual([]);
  });

  it("state the sizes of their caches, also where only the configuration knows them", async () => {
    const { model: graph, external } = randomDecoder({ openHeadSize: true });
    publish("onnx/", { name: "model.onnx", bytes: graph }, ...external);
    const { entry, visit } = device();
    const { graphBytes } = await openModelParts(await visit(), entry, options);
    const caches = readGraph(graphBytes).inputs.filter(({ name }) => name.startsWith("past"));
    expect(caches).toHaveLength(6);
    for (const { shape } of caches) expect(shape).toEqual(["batch_size", 2, "past_sequence_length", 16]);
  });

  it.each([
    ["pixel_values", { flaw: "unknown-input" }],
    ["past_encoder.0.key", { pastName: "past_encoder" }],
  ] as const)("are refused because of %s before their weights are downloaded", async (named, shape) => {
    const { model: graph, external } = randomDecoder(shape);
    publish("onnx/", { name: "model.onnx", bytes: graph }, ...external);
    files.set("onnx/model.onnx_data", Buffer.alloc(17 * MIB));
    const { entry, visit } = device();
    const opened = await visit();
    const beforeDownload = (plan: Parameters<typeof checkBeforeDownload>[2]): Promise<void> =>
      checkBeforeDownload(opened, entry, plan, signal);
    await expect(prepareOnnx(opened, { entry, backend: "wasm", ...settled, beforeDownload })).rejects.toMatchObject({
      code: "unsupported-model",
      message: expect.stringContaining(named) as string,
    });
    expect(seen.filter((request) => request.includes("_data"))).toEqual([]);
  });
});
