import { describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../core";
import { DEFAULT_SAMPLING } from "./sampling";
import { setUp } from "./testing/counting-engine";
import type { GenerationEvent, GenerationRequest } from "./types";

const signal = new AbortController().signal;

/** Waits for `turns` turns of the microtask queue. */
async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

const request: GenerationRequest = { model: "m", messages: [], sampling: DEFAULT_SAMPLING, maxTokens: 10 };

/** Calls `then` after `count` tokens, and reads on to the end. */
async function read(stream: AsyncIterable<GenerationEvent>, count: number, then: () => void): Promise<number> {
  let tokens = 0;
  for await (const event of stream) if (event.type === "token" && ++tokens === count) then();
  return tokens;
}

describe("EngineSupervisor", () => {
  it("fetches the engine's files ahead, and keeps the worker until the load has begun", async () => {
    const { supervisor, engine, workers, load } = setUp();
    const onBytes = vi.fn();
    engine.prepare = async (options) => options.onBytes(1, 2);
    {
      using ahead = supervisor.prepare("onnx", { signal, backend: "wasm", onBytes });
      await ahead.ready;
      expect(onBytes).toHaveBeenCalledWith(1, 2);
      await load();
    }
    expect(workers).toHaveLength(1);
    // Files that cannot be had are the load's concern.
    engine.prepare = () => Promise.reject(new Error("offline"));
    using other = supervisor.prepare("onnx", { signal, backend: "wasm", onBytes });
    await other.ready;
  });

  it("ends the worker if nothing is loaded after its files were fetched", async () => {
    const { supervisor, workers } = setUp();
    {
      using ahead = supervisor.prepare("onnx", { signal, backend: "wasm", onBytes: () => undefined });
      await ahead.ready;
      expect(workers[0]?.terminated).toBe(false);
    }
    expect(workers[0]?.terminated).toBe(true);
  });

  it("loads with progress, and streams", async () => {
    const { supervisor, load } = setUp();
    const progress = vi.fn();
    const pkg = { engine: "onnx", id: "m", name: "M", packageHash: "p", graph: "g", files: [] } as const;
    const info = await supervisor.load(pkg, { signal, backend: "wasm", onProgress: progress });
    expect(info).toMatchObject({ id: "m", backend: "wasm" });
    expect(progress).toHaveBeenCalledWith(expect.objectContaining({ phase: "read", text: "Reading" }));
    expect(supervisor.models.map((model) => model.id)).toEqual(["m"]);
    for await (const event of supervisor.generate(request, { signal })) {
      if (event.type === "queued") expect(supervisor.jobs).toEqual({ running: 0, queued: 1 });
      else {
        expect(supervisor.jobs).toEqual({ running: 1, queued: 0 });
        break;
      }
    }
    expect(supervisor.jobs).toEqual({ running: 0, queued: 0 });
    await load("other");
    supervisor.close();
  });

  it.each(["abort", "leave"] as const)("stops the engine on %s", async (how) => {
    const { supervisor, engine, load } = setUp();
    await load();
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = (async () => {
      let tokens = 0;
      for await (const event of supervisor.generate(request, { signal: controller.signal })) {
        if (event.type !== "token" || ++tokens < 3) continue;
        if (how === "leave") break;
        controller.abort(reason);
      }
    })();
    if (how === "abort") await expect(run).rejects.toBe(reason);
    else await run;
    await vi.waitUntil(() => engine.stopped === 1);
    supervisor.close();
  });

  it("counts vectors that are computed as work, and stops them on abort", async () => {
    const { supervisor, engine, load } = setUp();
    await load();
    const controller = new AbortController();
    const work = supervisor.embed({ model: "m", inputs: ["a"] }, { signal: controller.signal });
    await vi.waitUntil(() => engine.steps.length > 0);
    expect(supervisor.jobs).toEqual({ running: 1, queued: 0 });
    controller.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
    expect(supervisor.jobs).toEqual({ running: 0, queued: 0 });
    await vi.waitUntil(() => engine.stopped === 1);
    await expect(supervisor.embed({ model: "other", inputs: ["a"] }, { signal })).rejects.toMatchObject({
      code: "model-not-loaded",
    });
    supervisor.close();
  });

  it("rejects all pending calls when the worker crashes, reports the lost models, and starts a new worker", async () => {
    const { supervisor, engine, workers, lost, load } = setUp();
    await load();
    let second: Promise<unknown> = Promise.resolve();
    const answer = read(supervisor.generate(request, { signal }), 2, () => {
      engine.hang = true;
      second = load("second");
      second.catch(() => undefined);
      workers[0]?.crash("out of bounds");
    });
    await expect(answer).rejects.toMatchObject({
      code: "worker-crashed",
      message: expect.stringContaining("out of bounds") as unknown,
    });
    await expect(second).rejects.toMatchObject({ code: "worker-crashed" });
    expect(lost).toEqual([{ reason: expect.stringContaining("out of bounds") as unknown, models: ["m"] }]);
    expect(workers[0]?.terminated).toBe(true);
    expect(supervisor.models).toEqual([]);
    engine.hang = false;
    await load();
    expect(workers).toHaveLength(2);
    supervisor.close();
  });

  it("treats a lost device like a crash, with an error code of its own", async () => {
    const { supervisor, workers, lost, load, loseDevice } = setUp();
    await load();
    const answer = read(supervisor.generate(request, { signal }), 1, () =>
      loseDevice(new MicrogridError("device-lost", "The GPU went away.")),
    );
    await expect(answer).rejects.toMatchObject({ code: "device-lost" });
    await vi.waitUntil(() => lost.length > 0);
    expect(lost[0]?.models).toEqual(["m"]);
    await load();
    expect(workers).toHaveLength(2);
    supervisor.close();
  });

  it("starts a new worker for a load that comes at the moment the device is lost", async () => {
    const { supervisor, engine, workers, lost, load } = setUp();
    await load();
    const answer = read(supervisor.generate(request, { signal }), 1, () => {
      engine.failure = new MicrogridError("device-lost", "The GPU went away.");
    });
    await expect(
      answer.catch(() => {
        engine.failure = undefined;
        return load();
      }),
    ).resolves.toMatchObject({ id: "m" });
    expect(workers.map((worker) => worker.terminated)).toEqual([true, false]);
    expect(lost).toHaveLength(1);
    supervisor.close();
  });

  it("ends the worker with its last model, and not before", async () => {
    const { supervisor, workers, engine, load } = setUp();
    await load("m");
    await load("n");
    await supervisor.unload("m");
    expect(workers[0]?.terminated).toBe(false);
    await supervisor.unload("n");
    expect(engine.unloads).toBe(2);
    expect(workers[0]?.terminated).toBe(true);
  });

  it("measures a stage, and keeps nothing of it afterwards", async () => {
    const { supervisor, engine, workers } = setUp();
    const part = { takes: [], passes: [], gives: [], embeds: false, predicts: false };
    const pkg = { id: "layer", name: "Layer", graph: new Blob(), files: [], part, expand: false };
    const time = () => supervisor.timeStage(pkg, { signal, backend: "wasm", stepTokens: 16 });
    expect(await time()).toEqual({ decodeMs: 4, prefillMs: 2 });
    expect(engine.stageLimits).toMatchObject({ stepTokens: 16 });
    expect(engine.unloads).toBe(1);
    expect(workers.map(({ terminated }) => terminated)).toEqual([true]);
    engine.failure = new MicrogridError("out-of-memory", "Too big.");
    await expect(time()).rejects.toMatchObject({ code: "out-of-memory" });
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true]);
  });

  it("frees the worker after a load that failed, and passes the error on", async () => {
    const { workers, engine, load } = setUp();
    engine.failure = new MicrogridError("out-of-memory", "Too big.");
    await expect(load()).rejects.toMatchObject({ code: "out-of-memory", message: "Too big." });
    expect(workers[0]?.terminated).toBe(true);
  });

  it("rejects an aborted load at once, before and during", async () => {
    const { engine, load, workers } = setUp();
    const reason = new Error("no more");
    await expect(load("m", AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(workers).toHaveLength(0);
    engine.hang = true;
    const controller = new AbortController();
    const loading = load("m", controller.signal);
    await vi.waitUntil(() => engine.loadSignal !== undefined);
    controller.abort(reason);
    await expect(loading).rejects.toBe(reason);
  });

  it("ends a worker that does not react when a load is aborted, and starts another", async () => {
    const { supervisor, engine, load, workers, lost } = setUp();
    await load("other");
    engine.hang = true;
    const controller = new AbortController();
    const loading = load("m", controller.signal);
    await vi.waitUntil(() => engine.loadSignal !== undefined && supervisor.models.length === 1);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      workers[0]!.deaf = true;
      controller.abort(new Error("no more"));
      await expect(loading).rejects.toThrow("no more");
      vi.advanceTimersByTime(59_000);
      expect(lost).toEqual([]);
      vi.advanceTimersByTime(1_000);
    } finally {
      vi.useRealTimers();
    }
    expect(lost[0]?.reason).toContain("did not answer");
    expect(lost.map(({ models }) => models)).toEqual([["other"]]);
    expect(workers[0]?.terminated).toBe(true);
    engine.hang = false;
    await load("m");
    expect(workers).toHaveLength(2);
    supervisor.close();
  });

  it("frees the memory of a partly loaded model when its load is aborted", async () => {
    const { supervisor, engine, load } = setUp();
    await load("other");
    const reason = new Error("no more");
    const controller = new AbortController();
    engine.onPlaced = () => controller.abort(reason);
    await expect(load("m", controller.signal)).rejects.toBe(reason);
    await vi.waitUntil(() => engine.unloads === 1);
    expect(supervisor.models.map(({ id }) => id)).toEqual(["other"]);
    // A later load of the same model stays in memory.
    engine.onPlaced = () => undefined;
    await load("m");
    expect(engine.unloads).toBe(1);
    supervisor.close();
  });

  it("agrees with the worker on the loaded models, at whatever moment a load is aborted", async () => {
    const outcomes = new Set<boolean>();
    const channels: MessageChannel[] = [];
    const Real = MessageChannel;
    vi.stubGlobal(
      "MessageChannel",
      class extends Real {
        constructor() {
          super();
          channels.push(this);
        }
      },
    );
    for (let turns = 0; turns < 20; turns++) {
      const { supervisor, engine, load } = setUp();
      const first = channels.length;
      await load("other");
      const controller = new AbortController();
      // The page's end of the border to the worker. This listener comes after the border's own.
      channels[first]!.port1.addEventListener(
        "message",
        () => void pass(turns).then(() => controller.abort(new Error("no more"))),
        { once: true },
      );
      const loaded = await load("m", controller.signal).then(
        () => true,
        () => false,
      );
      outcomes.add(loaded);
      expect(supervisor.models.map(({ id }) => id)).toEqual(loaded ? ["other", "m"] : ["other"]);
      // The worker answers in turn. An abort has a way of its own, so that it may be heard a little later.
      await supervisor.simulateDeviceLoss();
      if (loaded) expect(engine.unloads, `after ${turns} turns`).toBe(0);
      else await vi.waitUntil(() => engine.unloads === 1);
      supervisor.close();
    }
    vi.unstubAllGlobals();
    expect([...outcomes].sort()).toEqual([false, true]);
  });

  it("throws `model-not-loaded` for an unknown model, and `closed` after it was closed", async () => {
    const { supervisor, load } = setUp();
    await expect(read(supervisor.generate(request, { signal }), 1, () => undefined)).rejects.toMatchObject({
      code: "model-not-loaded",
    });
    await load();
    const answer = read(supervisor.generate(request, { signal }), 1, () => supervisor.close());
    await expect(answer).rejects.toMatchObject({ code: "closed" });
    await expect(load()).rejects.toMatchObject({ code: "closed" });
  });
});
