/** Layers that a node holds for others, refuses, or gives up. Uses the guide's graph and no engine. */
import { describe, expect, it, vi } from "vitest";
import { type Did, MicrogridError } from "../../core";
import type { Backend, EngineSupervisor } from "../../inference";
import { LinkSurvey } from "../../pipeline";
import { GraphService } from "../../pipeline/graphs";
import { Bus } from "../../pipeline/testing/bus";
import type { WeightTransfer, StageFrame } from "../../room";
import { GraphTooMuch } from "./graph-worker";
import { LayerOffer, type LayerTerms } from "./layer-offer";
import type { SplitModels } from "./split-models";
import { graphBytes, guide } from "./testing/guide";

/** In `toMatchObject` a bare expression would match anything. */
const matching = (text: RegExp): string => expect.stringMatching(text) as string;
const did = (name: string) => `did:key:${name}` as Did;
const HOST = did("host");
const CONSUMER = did("consumer");
/** Bytes of layers on the CPU, where their quantized weights are expanded. */
const onCpu = (from: number, to: number, tokens = 0) => guide.bytesOf({ from, to }, tokens, { backend: "wasm" });
const WHOLE = onCpu(0, 6);
/** Memory that planners reserve on each device. */
const RESERVED = 64 * 2 ** 20;

/** A node that was asked something, and what it said. */
function host(terms: Partial<LayerTerms> = {}, backend: Backend = "wasm") {
  const bus = new Bus();
  const traffic = bus.join(HOST);
  const loaded: string[] = [];
  const forward = () => new Promise<never>(() => undefined);
  const adopted: string[] = [];
  const layers = new LayerOffer({
    traffic,
    links: new LinkSurvey(traffic),
    bulk: {
      source: (_from: Did, { model }: { model: string }) => ({
        read: () =>
          model === "owner/guide"
            ? Promise.resolve(new Blob([graphBytes]))
            : Promise.reject(new MicrogridError("file-missing", "It is not there.")),
      }),
    } as unknown as WeightTransfer,
    models: {
      agreed: ({ model }: { model: string }) =>
        model === "guide"
          ? Promise.resolve(guide)
          : Promise.reject(
              model === "endless"
                ? new GraphTooMuch("unsupported-model", "Too much.")
                : new MicrogridError(model === "away" ? "network" : "unknown-model", "The hub is away."),
            ),
      strangers: new GraphService(),
      adopt: ({ model }: { model: string }) => {
        adopted.push(model);
        return Promise.resolve(model === "owner/guide" ? guide : undefined);
      },
      speed: () => Promise.resolve({ decodeMs: 1, prefillMs: 0.5 }),
    } as unknown as SplitModels,
    supervisor: {
      loadStage: ({ id }: { id: string }) => {
        loaded.push(id);
        return Promise.resolve({ info: { decodeMs: 1, prefillMs: 1 }, service: { forward, end: () => undefined } });
      },
      loading: false,
      giveUp: () => {
        layers.crashed();
        loaded.push("gave up");
      },
      unload: (id: string) => {
        loaded.splice(loaded.indexOf(id), 1);
        return Promise.resolve();
      },
    } as unknown as EngineSupervisor,
    backend,
    terms: () => ({
      givenBytes: 2 * WHOLE,
      forbids: () => undefined,
      namesModels: false,
      isHere: () => true,
      nameOf: (who) => `name of ${who}`,
      ...terms,
    }),
    onChange: () => undefined,
  });
  const consumer = bus.join(CONSUMER);
  const source = { ...guide.source };
  let asks = 0;
  /** The next of these kinds about a pipeline, or that answers a question. */
  const heard = (kinds: readonly string[], about: string): Promise<StageFrame> =>
    new Promise((resolve) => {
      const { onFrame } = bus;
      bus.onFrame = (frame, from, to) => {
        const { body, kind } = frame;
        const isAbout = "pipeline" in body ? body.pipeline === about : !("ask" in body) || body.ask === about;
        if (to === CONSUMER && kinds.includes(kind) && isAbout) resolve(frame);
        return onFrame(frame, from, to);
      };
    });
  return {
    layers,
    loaded,
    adopted,
    heard,
    ask: (model = "guide") => {
      const id = String(asks++).padStart(16, "0");
      consumer.post(HOST, "stage.ask", { ask: id, ...source, model, among: [] });
      return heard(["stage.able", "stage.unable"], id);
    },
    open: (pipeline: string, from: number, to: number, model = "guide") => {
      const terms = { context: 16, sequences: 1, stepTokens: 16, attempt: 0, previous: CONSUMER, next: CONSUMER };
      consumer.post(HOST, "stage.open", { pipeline: pipeline.repeat(16), ...source, model, ...terms, from, to });
      return heard(["stage.ready", "stage.refused"], pipeline.repeat(16));
    },
    forward: (pipeline: string) => {
      const tensors = guide.decoder.cuts[0]!.tensors.map(({ name }) => ({
        name,
        dtype: "float32",
        bytes: new Uint8Array(4),
      }));
      const step = { attempt: 0, step: 1, sequence: "5".repeat(16), keep: 0, count: 1 } as const;
      consumer.post(HOST, "stage.forward", { pipeline: pipeline.repeat(16), ...step, tensors } as never);
    },
    close: (pipeline: string) => consumer.post(HOST, "stage.close", { pipeline: pipeline.repeat(16) }),
  };
}

describe("a node that is asked to help", () => {
  it("reports the memory that it gives and its speed", async () => {
    const told = { memoryBytes: guide.fitting(2 * WHOLE, "wasm"), decodeMs: 1, prefillMs: 0.5, links: [] };
    expect((await host().ask()).body).toMatchObject(told);
  });

  it("counts weights as its engine holds them, and tells how much of the model fits", async () => {
    const range = { from: 0, to: 6 };
    const inFiles = guide.bytesOf(range, 0);
    expect(WHOLE).toBeGreaterThan(4 * inFiles);
    const fitting = async (backend: Backend, givenBytes: number) =>
      ((await host({ givenBytes }, backend).ask()).body as { memoryBytes: number }).memoryBytes;
    expect(await fitting("webgpu", 2 * inFiles)).toBe(2 * inFiles);
    // Planners count the sizes in files, and reserve some memory besides.
    const told = (await fitting("wasm", RESERVED + WHOLE)) - RESERVED;
    expect(told).toBeGreaterThan(inFiles / 2);
    expect(told).toBeLessThanOrEqual(inFiles);
    const { open, layers } = host({ givenBytes: WHOLE }, "wasm");
    expect((await open("a", 0, 3)).kind).toBe("stage.ready");
    expect(layers.heldBytes).toBe(onCpu(0, 3, 16));
  });

  it("holds nothing for a member whose graph took too much work to read", async () => {
    const { ask, open } = host();
    expect((await ask("endless")).body).toMatchObject({ why: "model", text: "Too much." });
    expect((await ask()).body).toMatchObject({ why: "model", text: matching(/far too much work/) });
    expect((await open("a", 0, 1)).body).toMatchObject({ reason: matching(/far too much work/) });
  });

  it("does not help before its user has agreed, and shows the node that asked", async () => {
    const { ask, open, layers } = host({ givenBytes: undefined });
    expect((await ask()).body).toMatchObject({ why: "consent" });
    expect(layers.wishes).toEqual([{ peer: CONSUMER, name: `name of ${CONSUMER}`, model: "guide" }]);
    expect((await open("a", 0, 2)).kind).toBe("stage.refused");
  });

  it("does not ask its user again after a refusal", async () => {
    const { ask, layers } = host({ givenBytes: 0 });
    expect((await ask()).body).toMatchObject({ why: "consent" });
    expect(layers.wishes).toEqual([]);
  });

  it("obeys the charter before anything else", async () => {
    const { ask, open, layers } = host({ givenBytes: undefined, forbids: () => "Not this one." });
    expect((await ask()).body).toMatchObject({ why: "charter", text: "Not this one." });
    expect((await open("a", 0, 2)).body).toMatchObject({ reason: "Not this one." });
    expect(layers.wishes).toEqual([]);
  });

  it("takes no graph of a member for a model that the room's rules name, if it does not know the model itself", async () => {
    expect((await host().ask("owner/guide")).kind).toBe("stage.able");
    const { ask, open } = host({ namesModels: true });
    expect((await ask()).kind).toBe("stage.able");
    expect((await ask("owner/guide")).body).toMatchObject({ why: "model", text: matching(/cannot check/) });
    expect((await open("a", 0, 1, "owner/guide")).body).toMatchObject({ reason: matching(/cannot check/) });
  });

  it("explains why it cannot read a model", async () => {
    expect((await host().ask("away")).body).toMatchObject({ why: "model", text: "The hub is away." });
  });

  it("holds no more layers than its memory allows, and offers the memory again once it is free", async () => {
    const { open, close, ask, layers, loaded } = host({ givenBytes: WHOLE });
    expect((await open("a", 0, 4)).kind).toBe("stage.ready");
    expect(layers.held).toEqual([expect.objectContaining({ peer: CONSUMER, model: "guide", from: 0, to: 4 })]);
    const { memoryBytes } = (await ask()).body as { memoryBytes: number };
    expect(memoryBytes).toBe(guide.fitting(WHOLE - onCpu(0, 4, 16), "wasm"));
    expect((await open("b", 0, 3)).body).toMatchObject({ reason: "Its memory is taken by other pipelines." });
    close("a");
    expect((await open("c", 0, 4)).kind).toBe("stage.ready");
    expect(loaded).toHaveLength(1);
  });

  it("lists a model of the hub once it is to hold layers of it, but not when it is only asked", async () => {
    const { ask, open, adopted } = host();
    expect((await ask("owner/guide")).kind).toBe("stage.able");
    expect(adopted).toEqual([]);
    expect((await open("a", 0, 4, "owner/guide")).kind).toBe("stage.ready");
    expect(adopted).toEqual(["owner/guide"]);
    expect((await open("b", 0, 1, "owner/another")).body).toMatchObject({ reason: "It is not there." });
    expect(adopted).toEqual(["owner/guide"]);
  });

  it("does not even measure a model if none of its layers fits", async () => {
    const { ask } = host({ givenBytes: 1_000 });
    expect((await ask()).body).toMatchObject({ why: "memory" });
  });

  it("counts each stage separately, whatever a consumer does while it loads", async () => {
    const { open, close, layers, loaded } = host({ givenBytes: WHOLE });
    for (let round = 0; round < 5; round++) {
      const opening = open("a", 0, 4);
      close("a");
      void opening;
    }
    expect((await open("a", 0, 4)).kind).toBe("stage.ready");
    expect((await open("b", 0, 4)).body).toMatchObject({ reason: "Its memory is taken by other pipelines." });
    expect(layers.heldBytes).toBe(onCpu(0, 4, 16));
    expect(loaded).toHaveLength(1);
  });

  it("drops its layers when its user gives less memory, or when the charter forbids the model", async () => {
    for (const change of [{ givenBytes: 1_000 }, { givenBytes: undefined }, { forbids: () => "No more." }]) {
      const terms: Partial<LayerTerms> = {};
      const { open, layers, heard } = host(terms);
      await open("a", 0, 4);
      layers.conform();
      expect(layers.held).toHaveLength(1);
      Object.assign(terms, change);
      const leaving = heard(["stage.leaving"], "a".repeat(16));
      layers.conform();
      expect((await leaving).kind).toBe("stage.leaving");
    }
  });

  it("refuses layers that the model does not have", async () => {
    const { open, loaded } = host();
    expect((await open("a", 4, 7)).body).toMatchObject({ reason: "The model has no layers 4 to 7." });
    expect(loaded).toEqual([]);
  });

  it("ends the worker of a step without an end, and holds no more layers of who sent it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { ask, open, forward, loaded, layers } = host();
    await open("a", 0, 4);
    forward("a");
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    expect(loaded).toEqual(["gave up"]);
    expect(layers.held).toEqual([]);
    expect((await ask()).body).toMatchObject({
      why: "model",
      text: expect.stringContaining("far too much work") as string,
    });
    expect((await open("b", 0, 4)).body).toMatchObject({
      reason: expect.stringContaining("far too much work") as string,
    });
  });

  it("holds nothing once its engine has crashed, and may help again later", async () => {
    const { open, layers, loaded } = host();
    await open("a", 0, 4);
    layers.crashed();
    expect([layers.held, loaded]).toEqual([[], []]);
    expect((await open("b", 0, 4)).kind).toBe("stage.ready");
  });
});
