/** A local hub with one model, and a device that reads it, for the unit tests of this folder. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { FakeWorker } from "../../border/testing/worker";
import { decoders } from "../../inference";
import { ELEMENT, nodeMessage, portMessage, tensorMessage, writeModel } from "../../onnx";
import type { ModelEntry } from "../entry";
import { ModelHosts } from "../hosts";
import { MemoryDisk } from "../memory-disk";
import { ModelIndex } from "../model-index";
import type { PartsOptions } from "../model-parts";
import type { PackageParts } from "../package-parts";
import { ModelRecords } from "../records";
import { connectStore } from "../store-client";
import { ModelStore } from "../store-service";
import { testDevice } from "./index";

export const GRAPH = "onnx/model_q4.onnx";
export const DATA = "onnx/model_q4.onnx_data";
export const MIB = 2 ** 20;
export const signal = new AbortController().signal;
export const options: PartsOptions = { signal, backend: "wasm", maxGraphBytes: MIB };
export const settled = { signal, onProgress: (): void => undefined };

/** Weights in which no two places look alike nearby. Made once: it takes longer than most tests. */
export const WEIGHTS = Buffer.from(Uint8Array.from({ length: 4 * MIB }, (_, i) => (i * 7 + (i >> 12)) % 251));

/** The inputs and outputs of a decoder with one layer. */
export const DECODER_PORTS = {
  inputs: [portMessage("input_ids", ELEMENT.int64, ["batch", "tokens"]), ...cachePorts("past_key_values")],
  outputs: [portMessage("logits", ELEMENT.float32, ["batch", "tokens", 8]), ...cachePorts("present")],
};

function cachePorts(name: string): ReturnType<typeof portMessage>[] {
  return ["key", "value"].map((each) => portMessage(`${name}.0.${each}`, ELEMENT.float32, ["batch", 1, "past", 4]));
}

/** A decoder, as far as its inputs and outputs show, with these weights inside of its file. */
export function graphFile(...weights: readonly Buffer[]): Buffer {
  const nodes = [nodeMessage({ op: "Neg", name: "neg", inputs: ["w"], outputs: ["y"] })];
  const initializers = weights.map((weight, index) =>
    tensorMessage({ name: index === 0 ? "w" : `w${index}`, type: ELEMENT.uint8, dims: [weight.length] }, weight),
  );
  const rest = { described: [], annotations: [], otherFields: [] };
  return Buffer.from(writeModel([], { nodes, initializers, ...DECODER_PORTS, ...rest }));
}

/** The hub that `useHub` starts. Before each test, it has one model with a graph and its data. */
export const hub = {
  url: "",
  files: new Map<string, Buffer>(),
  /** The requests, as `name first-last`. */
  seen: [] as string[],
  /** Whether its listing has hashes, which version it states, and whether it refuses ranges. */
  ...{ listed: true, etag: "one", wholeOnly: false },
};

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { files, etag } = hub;
  const url = request.url ?? "";
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  hub.seen.push(`${url.split("/").at(-1)}${range ? ` ${range[1]}-${range[2]}` : ""}`);
  if (url.startsWith("/api/")) {
    const siblings = [...files].map(([rfilename, bytes]) => ({
      rfilename,
      size: bytes.length,
      ...(hub.listed && rfilename.includes(".onnx") && { lfs: { sha256: sha256(bytes) } }),
    }));
    response.end(JSON.stringify({ siblings }));
    return;
  }
  const content = files.get(url.split("/resolve/main/")[1] ?? "");
  if (!content) response.writeHead(404).end();
  else if (!range || hub.wholeOnly) {
    response.writeHead(200, { ETag: etag, "Content-Length": content.length }).end(content);
  } else {
    const end = Math.min(Number(range[2]), content.length - 1);
    const part = content.subarray(Number(range[1]), end + 1);
    response.writeHead(206, { ETag: etag, "Content-Range": `bytes ${range[1]}-${end}/${content.length}` }).end(part);
  }
}

/** Starts the hub for the tests of one file. */
export function useHub(): void {
  const server = createServer(answer);
  beforeAll(async () => {
    // Slow machines pause longer than the five seconds after which idle connections would be reset.
    server.keepAliveTimeout = 120_000;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    hub.files = new Map([
      ["config.json", Buffer.from('{"model_type":"llama"}')],
      ["tokenizer.json", Buffer.from("{}")],
      [GRAPH, graphFile()],
      [DATA, WEIGHTS],
    ]);
    Object.assign(hub, { listed: true, etag: "one", wholeOnly: false });
    hub.seen.length = 0;
  });
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Files that outlive the store, like those of a private file system. */
export class KeepingDisk extends MemoryDisk {
  override readonly inMemory = false;
}

interface TestDevice {
  readonly entry: ModelEntry;
  readonly disk: MemoryDisk;
  readonly records: ModelRecords;
  visit(): Promise<PackageParts & { readonly records: ModelRecords }>;
}

/** A browser's storage; each call of `visit` opens it again. */
export function device(disk: MemoryDisk = new KeepingDisk(), info = testDevice()): TestDevice {
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
  const visit = async (): ReturnType<TestDevice["visit"]> => {
    const waits = { backoffMs: () => 0, wait: () => Promise.resolve(), maxPartBytes: 2 * MIB };
    const store = connectStore(() => new FakeWorker(new ModelStore({ disk, records }, waits)).asWorker);
    const hosts = new ModelHosts(hub.url, []);
    const parts = { device: info, records, store, hosts, decoders };
    const index = new ModelIndex(parts, [entry], await records.models());
    return { ...parts, index };
  };
  return { entry, disk, records, visit };
}
