import { describe, expect, it, onTestFinished } from "vitest";
import { HubServer } from "../../e2e/harness/hub-server";
import { FakeWorker } from "../border/testing/worker";
import { decoders } from "../inference";
import { randomDecoder } from "../inference/testing";
import { ELEMENT, nodeMessage, ProtobufMessage, writeModel } from "../onnx";
import { FIELD } from "../onnx/schema";
import { placed } from "../onnx/writer";
import type { FilesOrigin, ModelEntry } from "./entry";
import { ModelHosts } from "./hosts";
import { ModelIndex } from "./model-index";
import { MemoryDisk } from "./memory-disk";
import { openModelParts } from "./model-parts";
import { planOnnxFiles } from "./onnx-files";
import { withPickedData } from "./look-ahead";
import type { PackageParts } from "./package-parts";
import { prepareOnnx } from "./packages";
import { ModelRecords } from "./records";
import { connectStore } from "./store-client";
import { ModelStore } from "./store-service";
import { testDevice } from "./testing";
import { DECODER_PORTS } from "./testing/hub";

const signal = new AbortController().signal;
const settled = { signal, onProgress: () => undefined };
const GRAPH = "onnx/model_q4.onnx";
const FLOAT = ELEMENT.float32;

/** A decoder as far as its inputs and outputs show, whose weights lie at these places. */
function graphNaming(...locations: string[]): Buffer {
  const initializers = locations.map((location, index) => {
    const tensor = new ProtobufMessage().varint(FIELD.tensor.dim, 1).varint(FIELD.tensor.type, FLOAT);
    return placed(tensor.bytes(FIELD.tensor.name, `w${index}`), { location, offset: 0, length: 4 });
  });
  return Buffer.from(
    writeModel([], {
      nodes: [nodeMessage({ op: "Gather", name: "g", inputs: ["w0", "input_ids"], outputs: ["logits"] })],
      initializers,
      ...DECODER_PORTS,
      ...{ described: [], annotations: [], otherFields: [] },
    }),
  );
}

async function open(kind: "hub" | "folder", graph: Buffer, files: readonly string[]) {
  const hub = await HubServer.start();
  onTestFinished(() => hub.stop());
  hub.put("o/m", "config.json", '{"model_type":"llama"}');
  hub.put("o/m", "tokenizer.json", "{}");
  hub.put("o/m", GRAPH, graph);
  for (const path of files) hub.put("o/m", path, `bytes of ${path}`);
  const origin: FilesOrigin = kind === "hub" ? { kind, repository: "o/m" } : { kind, url: hub.folder("o/m") };
  const entry: ModelEntry = {
    ...{ id: "m", name: "M", engine: "onnx", source: "catalog", origin },
    ...{ contextLength: undefined, memoryBytes: undefined },
  };
  const records = ModelRecords.inMemory();
  const store = connectStore(() => new FakeWorker(new ModelStore({ disk: new MemoryDisk(), records })).asWorker);
  const common = { device: testDevice(), records, store, hosts: new ModelHosts(hub.url, []), decoders };
  const parts: PackageParts = { ...common, index: new ModelIndex(common, [entry], []) };
  const prepare = async (): Promise<string[]> => {
    const pkg = await prepareOnnx(parts, { entry, backend: "wasm", ...settled });
    return pkg.engine === "onnx" ? pkg.files.map(({ path }) => path) : [];
  };
  return { hub, entry, parts, prepare };
}

describe.each(["hub", "folder"] as const)("the external data of a model in a %s", (kind) => {
  it("is found under any name, also in a folder, and stored for the next visit", async () => {
    const data = ["onnx/weights.bin", "onnx/shards/more.bin"];
    const { hub, prepare } = await open(kind, graphNaming("weights.bin", "./shards/more.bin"), data);
    const paths = await prepare();
    expect(paths).toEqual(["config.json", "tokenizer.json", GRAPH, ...data]);
    hub.seen.length = 0;
    expect(await prepare()).toEqual(paths);
    expect(hub.seen).toEqual([]);
  });

  it("may have usual and unusual names at once", async () => {
    const names = ["onnx/model_q4.onnx_data", "onnx/model_q4.onnx_data_1", "onnx/other.bin"];
    const graph = graphNaming("model_q4.onnx_data", "other.bin", "model_q4.onnx_data_1");
    const { prepare } = await open(kind, graph, [...names, "onnx/stranger.bin"]);
    expect(await prepare()).toEqual(["config.json", "tokenizer.json", GRAPH, ...names]);
  });

  it("may be named only inside of an operator", async () => {
    const { model, external } = randomDecoder({ flaw: "inner-files", chosenTables: "inside", externalFiles: [] });
    const data = external.map(({ name }) => `onnx/${name}`);
    expect(data).toEqual(["onnx/long.bin", "onnx/short.bin"]);
    const { prepare } = await open(kind, Buffer.from(model), data);
    expect(await prepare()).toEqual(["config.json", "tokenizer.json", GRAPH, ...data]);
  });

  it("is missed by name before any of it is downloaded", async () => {
    const { hub, prepare } = await open(kind, graphNaming("weights.bin", "lost.bin"), ["onnx/weights.bin"]);
    await expect(prepare()).rejects.toMatchObject({
      code: "file-missing",
      message: expect.stringContaining("no file onnx/lost.bin") as string,
    });
    // A folder is asked for sizes; that is no download.
    const downloads = hub.requestsFor("weights.bin").filter(({ method }) => method === "GET");
    expect(downloads).toEqual([]);
  });

  it("is read in parts as well", async () => {
    const { parts, entry, prepare } = await open(kind, graphNaming("weights.bin"), ["onnx/weights.bin"]);
    const model = await openModelParts(parts, entry, { signal, backend: "wasm", maxGraphBytes: 2 ** 20 });
    expect(await (await model.read("weights.bin", 9, 7, { signal })).text()).toBe("onnx/we");
    const { packageHash } = await model.settings(settled);
    await prepare();
    if (kind === "hub")
      expect((await prepareOnnx(parts, { entry, backend: "wasm", ...settled })).packageHash).toBe(packageHash);
  });

  it.each(["../config.json", "a/../../config.json", "/etc/passwd", "\\\\host\\file", "https://h.example/x"])(
    "is never looked for outside of the graph's folder, as in %j",
    async (location) => {
      const { prepare } = await open(kind, graphNaming(location), []);
      await expect(prepare()).rejects.toMatchObject({ code: "file-corrupt" });
    },
  );
});

describe("the external data of a model from picked files", () => {
  const pick = (files: Record<string, BlobPart>) =>
    Object.entries(files).map(([path, content]) => ({ path, blob: new Blob([content]) }));
  const sides = { "config.json": "{}", "tokenizer.json": "{}" };
  const complete = (files: ReturnType<typeof pick>) => {
    const listing = files.map(({ path, blob }) => ({ path, bytes: blob.size }));
    return withPickedData(planOnnxFiles(listing, "wasm", testDevice(), "M"), files, { name: "M", signal });
  };

  it("is found under any name, and missed by name", async () => {
    const files = { ...sides, [GRAPH]: new Uint8Array(graphNaming("weights.bin")) };
    const plan = await complete(pick({ ...files, "onnx/weights.bin": "1234", "notes.txt": "" }));
    expect(plan.data).toEqual([{ path: "onnx/weights.bin", bytes: 4 }]);
    await expect(complete(pick(files))).rejects.toMatchObject({
      code: "file-missing",
      message: expect.stringContaining("onnx/weights.bin") as string,
    });
  });

  it("is not looked for if the graph is something else", async () => {
    await expect(complete(pick({ ...sides, [GRAPH]: "<html>" }))).rejects.toMatchObject({ code: "not-a-model" });
  });
});
