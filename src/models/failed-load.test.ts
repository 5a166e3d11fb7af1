import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HubServer } from "../../e2e/harness/hub-server";
import { FakeWorker } from "../border/testing/worker";
import { MicrogridError, type ErrorCode } from "../core";
import { decoders } from "../inference";
import type { FilesOrigin, ModelEntry } from "./entry";
import { afterFailedLoad, CopyDeleted } from "./failed-load";
import { ModelHosts } from "./hosts";
import { MemoryDisk } from "./memory-disk";
import { ModelIndex } from "./model-index";
import type { PackageParts } from "./package-parts";
import { prepareOnnx } from "./packages";
import { ModelRecords } from "./records";
import { connectStore } from "./store-client";
import { ModelStore } from "./store-service";
import { testDevice } from "./testing";
import { graphFile } from "./testing/hub";

const signal = new AbortController().signal;
const GRAPH = "onnx/model_q4.onnx";
const DATA = "onnx/model_q4.onnx_data";
const FILES = {
  "config.json": '{"model_type":"llama"}',
  "tokenizer.json": "{}",
  [GRAPH]: graphFile(),
  [DATA]: "weights",
};
const TEXTS = Object.fromEntries(Object.entries(FILES).map(([path, content]) => [path, content.toString()]));
/** The same number of bytes as in the files, with other content. */
const GARBAGE = { "tokenizer.json": "##", [GRAPH]: "#".repeat(FILES[GRAPH].length), [DATA]: "#######" } as const;

let hub: HubServer;
let parts: PackageParts;

beforeEach(async () => {
  hub = await HubServer.start();
  put(FILES);
});

afterEach(() => hub.stop());

function put(files: Record<string, string | Buffer>): void {
  for (const [path, content] of Object.entries(files)) hub.put("o/m", path, content);
}

async function open(origin: FilesOrigin, disk = new MemoryDisk()): Promise<ModelEntry> {
  const entry: ModelEntry = {
    ...{ id: "m", name: "M", engine: "onnx", source: "catalog", origin },
    ...{ contextLength: undefined, memoryBytes: undefined },
  };
  const records = ModelRecords.inMemory();
  const store = connectStore(() => new FakeWorker(new ModelStore({ disk, records })).asWorker);
  const common = { device: testDevice(), records, store, hosts: new ModelHosts(hub.url, []), decoders };
  parts = { ...common, index: new ModelIndex(common, [entry], []) };
  return entry;
}

/** Prepares the model; returns the content of its files. */
async function prepare(entry: ModelEntry): Promise<Record<string, string>> {
  const pkg = await prepareOnnx(parts, { entry, backend: "wasm", signal, onProgress: () => undefined });
  if (pkg.engine !== "onnx") throw new Error("It is a model of another engine.");
  return Object.fromEntries(
    await Promise.all(pkg.files.map(async ({ path, blob }) => [path, await blob.text()] as const)),
  );
}

function fail(entry: ModelEntry, code: ErrorCode, backend: "webgpu" | "wasm" = "wasm"): Promise<unknown> {
  const error = new MicrogridError(code, "It is damaged. Remove the model and load it again.");
  return afterFailedLoad(parts, entry, { error, backend });
}

describe("afterFailedLoad", () => {
  it.each([
    ["file-corrupt", "tokenizer.json"],
    ["not-a-model", "tokenizer.json"],
    ["wrong-results", DATA],
  ] as const)("deletes files without a known hash after %s, so that they are downloaded again", async (code, path) => {
    const entry = await open({ kind: "folder", url: hub.folder("o/m") });
    put({ [path]: GARBAGE[path] });
    expect((await prepare(entry))[path]).toBe(GARBAGE[path]);
    put(FILES);
    // This is the fault: the garbage is used as long as nobody says that it is useless.
    expect((await prepare(entry))[path]).toBe(GARBAGE[path]);
    expect(await fail(entry, code)).toMatchObject({
      code,
      message: expect.stringMatching(/^It is damaged\. The copy here was deleted/) as string,
    });
    expect(await prepare(entry)).toEqual(TEXTS);
  });

  it("deletes a graph of garbage before its weights are downloaded, and says so", async () => {
    const entry = await open({ kind: "folder", url: hub.folder("o/m") });
    put({ [GRAPH]: GARBAGE[GRAPH] });
    const error: unknown = await prepare(entry).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CopyDeleted);
    expect(error).toMatchObject({ message: expect.stringMatching(/not an ONNX model.*Download it again/) as string });
    expect(hub.requestsFor(DATA).filter(({ method }) => method === "GET")).toEqual([]);
    put(FILES);
    expect(await prepare(entry)).toEqual(TEXTS);
  });

  it("keeps files that have their published hash", async () => {
    const entry = await open({ kind: "hub", repository: "o/m" });
    await prepare(entry);
    hub.seen.length = 0;
    await fail(entry, "file-corrupt");
    await prepare(entry);
    expect(hub.requestsFor(DATA)).toEqual([]);
    expect(hub.requestsFor("tokenizer.json")).toHaveLength(1);
  });

  it("says that another download will not help if all files have their published hash", async () => {
    const files = Object.entries(FILES).map(([path, content]) => ({
      path,
      sha256: createHash("sha256").update(content).digest("hex"),
    }));
    const addresses = Object.fromEntries(files.map(({ path }) => [path, hub.folder("o/m") + path]));
    const entry = await open({ kind: "embedded", addresses, files });
    await prepare(entry);
    hub.seen.length = 0;
    expect(await fail(entry, "file-corrupt")).toMatchObject({
      message: expect.stringContaining("another download will not help") as string,
    });
    await prepare(entry);
    expect(hub.seen).toEqual([]);
  });

  it("deletes a file that has changed on the disk since it was downloaded", async () => {
    const disk = new MemoryDisk();
    const entry = await open({ kind: "hub", repository: "o/m" }, disk);
    await prepare(entry);
    const writer = await disk.openWriter("m", DATA);
    writer.clear();
    await writer.append(new TextEncoder().encode("#######"));
    writer.close();
    expect((await prepare(entry))[DATA]).toBe("#######");
    await fail(entry, "wrong-results");
    expect(await prepare(entry)).toEqual(TEXTS);
  });

  it.each([
    ["out-of-memory", "wasm"],
    ["wrong-results", "webgpu"],
  ] as const)("keeps everything after %s on %s", async (code, backend) => {
    const entry = await open({ kind: "folder", url: hub.folder("o/m") });
    await prepare(entry);
    hub.seen.length = 0;
    await fail(entry, code, backend);
    await prepare(entry);
    expect(hub.seen).toEqual([]);
  });

  it("advises to add files from this device again", async () => {
    const entry = await open({ kind: "files" });
    expect(await fail(entry, "file-corrupt")).toMatchObject({
      message: "It is damaged. Remove the model and add its files again.",
    });
  });
});
