/** A bare page around the model library: browser tests drive it from here, with no app in between. */
import { errorToData, spawnWorker, type ErrorData } from "../../src/core";
import { decoders, probeDevice, type Backend, type DeviceInfo, type LoadProgress } from "../../src/inference";
import { ModelLibrary, type ModelInfo, type ModelParts } from "../../src/models";
import storeWorker from "../../workers/store?worker&url";

/** A prepared model, as data. */
export interface Prepared {
  readonly engine: string;
  readonly packageHash: string;
  readonly graph: string | undefined;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** A model in parts, as data. */
export type Opened = Pick<ModelParts, "graph" | "weightsHash" | "weightBytes">;

/** How a call ended. */
export type Ended<T> = { readonly value: T } | { readonly error: ErrorData };

/** The functions that tests call in the page. */
export interface ModelsPage {
  open(options: {
    hub?: string;
    mirrors?: readonly string[];
    device?: Partial<DeviceInfo>;
  }): Promise<readonly ModelInfo[]>;
  list(): readonly ModelInfo[];
  info(id: string): ModelInfo | undefined;
  add(source: string): Promise<Ended<ModelInfo>>;
  /** Adds the files that were picked in the page's file input. */
  addPicked(): Promise<Ended<ModelInfo>>;
  describe(id: string): Promise<Ended<ModelInfo>>;
  remove(id: string): Promise<void>;
  /** Opens a model in parts; the next calls are about the last one. */
  parts(id: string, backend?: Backend): Promise<Ended<Opened>>;
  /** Bytes of it, as numbers. */
  readPart(location: string, offset: number, length: number): Promise<Ended<readonly number[]>>;
  settings(): Promise<Ended<{ readonly paths: readonly string[]; readonly packageHash: string }>>;
  /** Starts preparing under a name; the other calls refer to it by that name. */
  prepare(name: string, id: string, backend?: Backend): void;
  cancel(name: string): void;
  /** Ends the store worker without an error event, as a browser that needs memory does. */
  killStore(): void;
  progress(name: string): readonly LoadProgress[];
  ended(name: string): Promise<Ended<Prepared>>;
}

declare global {
  interface Window {
    models: ModelsPage;
  }
}

interface Call {
  readonly controller: AbortController;
  readonly progress: LoadProgress[];
  readonly result: Promise<Ended<Prepared>>;
}

const calls = new Map<string, Call>();
let library: ModelLibrary | undefined;
let store: Worker | undefined;
let parts: ModelParts | undefined;

function opened(): ModelLibrary {
  if (!library) throw new Error("The library is not open.");
  return library;
}

function called(name: string): Call {
  const call = calls.get(name);
  if (!call) throw new Error(`Nothing was started as ${name}.`);
  return call;
}

async function end<T>(work: Promise<T>): Promise<Ended<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error: errorToData(error) };
  }
}

async function prepare(id: string, call: Pick<Call, "controller" | "progress">, backend: Backend): Promise<Prepared> {
  const prepared = await opened().prepare(id, {
    backend,
    signal: call.controller.signal,
    onProgress: (step) => call.progress.push(step),
  });
  const files = prepared.engine === "onnx" ? prepared.files : [];
  const sizes = files.map(async ({ path, blob }) => ({ path, bytes: (await blob.arrayBuffer()).byteLength }));
  const { engine, packageHash } = prepared;
  return {
    engine,
    packageHash,
    graph: prepared.engine === "onnx" ? prepared.graph : undefined,
    files: await Promise.all(sizes),
  };
}

async function openParts(id: string, backend: Backend): Promise<Opened> {
  parts = await opened().parts(id, {
    ...{ backend, maxGraphBytes: 2 ** 26 },
    signal: new AbortController().signal,
  });
  const { graph, weightsHash, weightBytes } = parts;
  return { graph, weightsHash, weightBytes };
}

async function readPart(location: string, offset: number, length: number): Promise<readonly number[]> {
  const blob = await parts!.read(location, offset, length, { signal: new AbortController().signal });
  return [...new Uint8Array(await blob.arrayBuffer())];
}

async function settings(): Promise<{ paths: readonly string[]; packageHash: string }> {
  const options = { signal: new AbortController().signal, onProgress: () => undefined };
  const { files, packageHash } = await parts!.settings(options);
  return { paths: files.map(({ path }) => path), packageHash };
}

window.models = {
  killStore: () => store?.terminate(),
  async open({ hub, mirrors, device }) {
    library = await ModelLibrary.open({
      decoders,
      baseUrl: new URL(".", location.href).href,
      device: { ...(await probeDevice()), ...device },
      createStoreWorker: () => (store = spawnWorker(storeWorker, "store")),
      ...(hub !== undefined && { hub }),
      ...(mirrors && { mirrors }),
    });
    return library.list();
  },
  list: () => opened().list(),
  info: (id) =>
    opened()
      .list()
      .find((info) => info.id === id),
  add: (source) => end(opened().add(source)),
  addPicked: () => end(opened().add(document.querySelector("input")?.files ?? [])),
  describe: (id) => end(opened().describe(id, { signal: new AbortController().signal })),
  remove: (id) => opened().remove(id),
  parts: (id, backend = "wasm") => end(openParts(id, backend)),
  readPart: (location, offset, length) => end(readPart(location, offset, length)),
  settings: () => end(settings()),
  prepare(name, id, backend = "wasm") {
    const call = { controller: new AbortController(), progress: [] };
    calls.set(name, { ...call, result: end(prepare(id, call, backend)) });
  },
  cancel: (name) => called(name).controller.abort(),
  progress: (name) => called(name).progress,
  ended: (name) => called(name).result,
};
