/** A page with nothing but a model library and the inference worker's WebLLM engine, driven by the tests. */
import { ModelLibrary, type ModelInfo } from "../../src/models";
import type { DeviceInfo, LoadProgress } from "../../src/inference";
import StoreWorker from "../../workers/store?worker";

const device: DeviceInfo = {
  webgpu: undefined,
  webgpuMissing: "not asked for",
  memoryBytes: undefined,
  threads: 1,
  mobile: false,
  label: "test",
};

/** What a test may ask of a running `prepare`. */
interface Running {
  readonly controller: AbortController;
  readonly progress: LoadProgress[];
  readonly result: Promise<PreparedSummary | { readonly error: string; readonly message: string }>;
}

interface PreparedSummary {
  readonly packageHash: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

const running = new Map<string, Running>();

const api = {
  library: undefined as ModelLibrary | undefined,

  async open(): Promise<readonly ModelInfo[]> {
    api.library = await ModelLibrary.open({
      baseUrl: new URL(".", location.href).href,
      device,
      createStoreWorker: () => new StoreWorker(),
    });
    return api.library.list();
  },

  /** Starts a `prepare` under a name; `finished` gives its result. */
  start(name: string, id: string): void {
    const controller = new AbortController();
    const progress: LoadProgress[] = [];
    const work = async (): Promise<PreparedSummary> => {
      if (!api.library) throw new Error("The library is not open.");
      const { signal } = controller;
      const onProgress = (step: LoadProgress): void => void progress.push(step);
      const prepared = await api.library.prepare(id, { signal, backend: "wasm", onProgress });
      const files = prepared.engine === "onnx" ? prepared.files : [];
      const sizes = files.map(async ({ path, blob }) => ({ path, bytes: (await blob.arrayBuffer()).byteLength }));
      return { packageHash: prepared.packageHash, files: await Promise.all(sizes) };
    };
    const result = work().catch((error: unknown) => ({
      error: (error as { code?: string }).code ?? (error as Error).name,
      message: (error as Error).message,
    }));
    running.set(name, { controller, progress, result });
  },

  cancel: (name: string): void => running.get(name)?.controller.abort(),
  progress: (name: string): readonly LoadProgress[] => running.get(name)?.progress ?? [],
  finished: (name: string): Running["result"] | undefined => running.get(name)?.result,
};

declare global {
  interface Window {
    models: typeof api;
  }
}
window.models = api;
