/** A supervisor over an engine that counts, for tests that steer each of its steps. */
import { FakeWorker } from "../../border/testing/worker";
import { EngineHost, type HostedEngine } from "../host";
import type { StageLimits, StagePackage } from "../stages";
import { EngineSupervisor } from "../supervisor";
import type {
  Embedded,
  GenerationEvent,
  GenerationRequest,
  LoadedModel,
  LoadedModelInfo,
  ModelPackage,
} from "../types";

const never = new Promise<never>(() => undefined);

/** An engine that counts forever, and takes each step when the test lets it. */
class CountingEngine implements HostedEngine {
  readonly steps: number[] = [];
  unloads = 0;
  stopped = 0;
  hang = false;
  /** Called when a model is in memory, before the page knows. */
  onPlaced: () => void = () => undefined;
  failure: Error | undefined;
  loadSignal: AbortSignal | undefined;
  prepare: NonNullable<HostedEngine["prepare"]> = () => Promise.resolve();
  stageLimits: StageLimits | undefined;

  async load(pkg: ModelPackage, options: Parameters<HostedEngine["load"]>[1]): Promise<LoadedModel> {
    this.loadSignal = options.signal;
    options.onProgress({
      phase: "read",
      loadedBytes: 1,
      totalBytes: 2,
      bytesPerSecond: 0,
      etaMs: undefined,
      text: "Reading",
    });
    await new Promise((resolve) => setImmediate(resolve));
    if (this.hang) await never;
    if (this.failure) throw this.failure;
    const info: LoadedModelInfo = {
      ...{ id: pkg.id, name: pkg.name, packageHash: "p", tokenizerHash: "t", engine: "onnx", backend: options.backend },
      ...{ contextLength: 10, prefillRate: 1, decodeRate: 1, prefillChunk: 1, kvInPlace: false },
    };
    const generate = (_: GenerationRequest, { signal: at }: { signal: AbortSignal }) => this.#count(at);
    const placed = (): void => this.onPlaced();
    return {
      get info(): LoadedModelInfo {
        placed();
        return info;
      },
      generate,
      embed: (_, { signal: at }) => this.#turn(at),
      unload: (): Promise<void> => {
        this.unloads++;
        return Promise.resolve();
      },
    };
  }

  loadStage(
    pkg: StagePackage,
    { backend, limits }: Parameters<NonNullable<HostedEngine["loadStage"]>>[1],
  ): ReturnType<NonNullable<HostedEngine["loadStage"]>> {
    this.stageLimits = limits;
    if (this.failure) return Promise.reject(this.failure);
    const info = { id: pkg.id, backend, kvBytesPerToken: 8, decodeMs: 4, prefillMs: 2 };
    const unload = () => {
      this.unloads++;
      return Promise.resolve();
    };
    return Promise.resolve({ info, forward: () => never, end: () => undefined, unload });
  }

  /** Waits until the signal is aborted. */
  async #turn(at: AbortSignal): Promise<Embedded> {
    this.steps.push(this.steps.length);
    await new Promise((resolve) => at.addEventListener("abort", resolve));
    this.stopped++;
    throw at.reason;
  }

  async *#count(at: AbortSignal): AsyncGenerator<GenerationEvent> {
    try {
      yield { type: "queued", position: 1, etaMs: 5 };
      for (let step = 0; !at.aborted; step++) {
        if (this.failure) throw this.failure;
        this.steps.push(step);
        yield { type: "token", text: String(step), ids: [step] };
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.stopped++;
    }
  }
}

interface SetUp {
  readonly supervisor: EngineSupervisor;
  readonly engine: CountingEngine;
  /** Those that were started, the newest last. */
  readonly workers: FakeWorker[];
  /** Everything that the supervisor has reported as lost. */
  readonly lost: { reason: string; models: readonly string[] }[];
  load(id?: string, at?: AbortSignal): ReturnType<EngineSupervisor["load"]>;
  /** Lets the graphics device go away. */
  loseDevice(error: unknown): void;
}

/** A supervisor whose workers run one counting engine. */
export function setUp(): SetUp {
  const workers: FakeWorker[] = [];
  const engine = new CountingEngine();
  let deviceLost: (error: unknown) => void = () => undefined;
  const createWorker = (): Worker => {
    const host = new EngineHost({
      loaders: {
        onnx: ({ onDeviceLost }) => {
          deviceLost = onDeviceLost;
          return Promise.resolve(engine);
        },
        webllm: () => Promise.reject(new Error("not here")),
        wllama: () => Promise.reject(new Error("not here")),
      },
    });
    const worker = new FakeWorker(host);
    workers.push(worker);
    return worker.asWorker;
  };
  const supervisor = new EngineSupervisor({ createWorker });
  const lost: SetUp["lost"] = [];
  supervisor.on("lost", (detail) => lost.push(detail));
  const load: SetUp["load"] = (id = "m", at = new AbortController().signal) =>
    supervisor.load(
      { engine: "onnx", id, name: id, packageHash: "p", graph: "g", files: [] },
      { signal: at, backend: "wasm", onProgress: () => undefined },
    );
  return { supervisor, engine, workers, lost, load, loseDevice: (error) => deviceLost(error) };
}
