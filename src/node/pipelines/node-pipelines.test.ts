/** The pipelines of a node: planned, opened, lost, opened again, and formed for requests. The room and the engines are fakes. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { MicrogridError } from "../../core";
import type { Provider } from "../../inference";
import { ToyProvider } from "../../inference/testing/toy-provider";
import type { AnswerRequest, GridState, ModelInfo } from "../types";
import { GIB, type PipelineNode, PipelineRoom } from "./testing/pipeline-room";

const { signal } = new AbortController();
/** In `toMatchObject` a bare expression would match anything. */
const matching = (text: RegExp): string => expect.stringMatching(text) as string;

let room: PipelineRoom;
beforeEach(() => {
  room = new PipelineRoom();
});

/** A node that asks, and one that gives its memory. */
const pair = (): [PipelineNode, PipelineNode] => [room.enter("Ada", 0), room.enter("Ben", GIB)];

/** Opens a pipeline whose layers are all on another node. */
async function opened(ada: PipelineNode, ben: PipelineNode): Promise<string> {
  const plan = await ada.pipelines.plan("guide", { nodes: [ben.did] }, signal);
  return ada.pipelines.open(plan, signal);
}

describe("a plan", () => {
  it("is refused outside of rooms, and where the charter does not allow the model", async () => {
    const [ada, ben] = pair();
    room.terms.models = ["another"];
    await expect(opened(ada, ben)).rejects.toMatchObject({
      code: "bad-request",
      message: "The room's rules do not allow this model.",
    });
    ada.pipelines.follow(undefined);
    const refusal = { code: "bad-request", message: matching(/^Pipelines run in rooms/) };
    await expect(opened(ada, ben)).rejects.toMatchObject(refusal);
  });

  it("is opened only as it was given, and while nothing is missing", async () => {
    const [ada, ben] = pair();
    const plan = await ada.pipelines.plan("guide", { nodes: [ben.did] }, signal);
    const changed = ada.pipelines.open({ ...plan, context: 1 }, signal);
    await expect(changed).rejects.toMatchObject({ code: "bad-request", message: matching(/Plan again/) });
    ben.member.given = 0;
    const short = await ada.pipelines.plan("guide", { nodes: [ben.did] }, signal);
    expect(short).toMatchObject({ stages: [], leftOut: [{ peer: ben.did, why: "consent" }] });
    await expect(ada.pipelines.open(short, signal)).rejects.toMatchObject({ message: short.missing!.text });
    expect(ada.store.state.pipelines).toEqual([]);
  });
});

describe("the reading of a graph", () => {
  it("is shown until the plan is there, or has failed", async () => {
    const [ada, ben] = pair();
    const shown: GridState["graphs"][] = [];
    ada.store.on("patch", ({ graphs }) => graphs && shown.push(graphs));
    await ada.pipelines.plan("guide", { nodes: [ben.did] }, signal);
    expect(shown).toMatchObject([{ guide: { loadedBytes: 1, totalBytes: 4 } }, {}]);
    expect(shown[1]).toEqual({});
    await expect(ada.pipelines.plan("unknown", {}, signal)).rejects.toMatchObject({ code: "unknown-model" });
    expect(ada.store.state.graphs).toEqual({});
  });
});

describe("a pipeline", () => {
  it("is shown from its opening to its end, here and where its layers are", async () => {
    const [ada, ben] = pair();
    const id = await opened(ada, ben);
    const stages = [{ peer: ben.did, name: "Ben", from: 0, to: 6, ready: true }];
    expect(ada.store.state.pipelines).toMatchObject([{ id, model: "guide", status: "ready", stages }]);
    expect(ada.pipelines.providers.flatMap((one) => one.models())).toMatchObject([{ model: "guide", devices: 2 }]);
    expect(ben.pipelines.held).toMatchObject([{ peer: ada.did, name: "Ada", model: "guide", from: 0, to: 6 }]);
    await expect(opened(ada, ben)).rejects.toMatchObject({ message: matching(/runs with the room already/) });
    ada.pipelines.close(id);
    expect([ada.store.state.pipelines, ada.pipelines.providers, ada.engine.loaded.size]).toEqual([[], [], 0]);
    await vi.waitFor(() => expect([ben.pipelines.held, ben.engine.loaded.size]).toEqual([[], 0]));
  });

  it("leaves nothing behind where its ends cannot be loaded", async () => {
    const [ada, ben] = pair();
    ada.engine.beforeEnds = () => {
      expect(ada.pipelines.mayRecover).toBe(true);
      throw new MicrogridError("out-of-memory", "It is full.");
    };
    await expect(opened(ada, ben)).rejects.toMatchObject({ code: "out-of-memory" });
    expect([ada.store.state.pipelines, ada.pipelines.mayRecover]).toEqual([[], false]);
    await vi.waitFor(() => expect(ben.pipelines.held).toEqual([]));
  });

  it("is planned again when the engine is lost, and ends with a notice when nobody has its layers", async () => {
    const [ada, ben] = pair();
    await opened(ada, ben);
    ada.engine.crash();
    expect(ada.pipelines.mayRecover).toBe(true);
    await vi.waitFor(() => expect(ada.pipelines.providers).toHaveLength(1));
    room.lose(ben);
    await vi.waitFor(() => expect(ada.store.state.pipelines).toEqual([]));
    expect(ada.store.state.notices).toMatchObject([
      { id: "pipeline-guide", level: "error", text: matching(/^Guide no longer runs with the room: /) },
    ]);
  });

  it("ends when the charter forbids its model, and when its room is left", async () => {
    const [ada, ben] = pair();
    await opened(ada, ben);
    room.terms.models = [];
    ada.pipelines.follow(ada.session);
    expect(ada.store.state.pipelines).toEqual([]);
    expect(ada.store.state.notices).toMatchObject([
      { level: "warning", text: matching(/^Guide was closed\. The room's rules/) },
    ]);
    room.terms.models = "any";
    await opened(ada, ben);
    ada.pipelines.follow(undefined);
    expect([ada.store.state.pipelines, ada.engine.loaded.size]).toEqual([[], 0]);
  });
});

describe("a pipeline after a reload", () => {
  it("is opened again with the same options", async () => {
    const [ada, ben] = pair();
    await opened(ada, ben);
    const { wanted } = ada.pipelines;
    expect(wanted).toEqual([{ model: "guide", nodes: [ben.did], holders: [ben.did] }]);
    const again = room.enter("Ada", 0);
    again.pipelines.expect(wanted);
    expect([again.pipelines.mayRecover, again.pipelines.wanted]).toEqual([true, wanted]);
    again.pipelines.restore(signal);
    await vi.waitFor(() => expect(again.pipelines.providers).toHaveLength(1));
    expect(again.pipelines.wanted).toEqual(wanted);
  });

  it("is given up with a notice where it cannot be formed", async () => {
    const [ada, ben] = pair();
    ada.engine.beforeEnds = () => {
      throw new MicrogridError("out-of-memory", "It is full.");
    };
    ada.pipelines.expect([{ model: "guide", holders: [ben.did] }]);
    ada.pipelines.restore(signal);
    const text = "“guide” no longer runs with the room, since this page was reloaded. It is full.";
    await vi.waitFor(() =>
      expect(ada.store.state.notices).toEqual([{ id: "pipeline-restore", level: "warning", text }]),
    );
    expect(ada.pipelines.wanted).toEqual([]);
  });
});

describe("a request", () => {
  const ask = (ada: PipelineNode, more: Partial<AnswerRequest> = {}, others: readonly Provider[] = []): Promise<void> =>
    ada.pipelines.ensure({ generation: { model: "guide" }, ...more } as AnswerRequest, others);
  /** Shows a model that is too large for this device alone, and a room that has the memory. */
  function showLarge({ store }: PipelineNode): void {
    const model = { id: "guide", engine: "onnx", memoryBytes: 3 * GIB, fit: { fits: false } } as ModelInfo;
    const shown = { membership: { kind: "member" }, charter: { models: "any" }, peers: [{ layersBytes: 4 * GIB }] };
    store.patch({ models: [model], room: shown as unknown as GridState["room"] });
  }

  it("forms one pipeline for all who ask, where the model is too large for this device", async () => {
    const [ada] = pair();
    showLarge(ada);
    await Promise.all([ask(ada), ask(ada)]);
    await ask(ada);
    expect(ada.store.state.pipelines).toMatchObject([{ model: "guide", status: "ready" }]);
  });

  it("forms none where it may not, or another provider has the model, unless a pipeline is asked for", async () => {
    const [ada] = pair();
    const toy = new ToyProvider();
    toy.offers = [{ ...toy.offers[0]!, model: "guide" }];
    await ask(ada, { provider: "pipeline" });
    showLarge(ada);
    await ask(ada, { provider: "local" });
    await ask(ada, { policy: { privacy: "device" } });
    await ask(ada, {}, [toy]);
    expect(ada.store.state.pipelines).toEqual([]);
    await ask(ada, { provider: "pipeline" }, [toy]);
    expect(ada.store.state.pipelines).toHaveLength(1);
  });

  it("fails with the reason where no pipeline can be formed, and may try again", async () => {
    const [ada] = pair();
    showLarge(ada);
    ada.engine.beforeEnds = () => {
      throw new MicrogridError("out-of-memory", "It is full.");
    };
    await expect(ask(ada)).rejects.toMatchObject({ code: "out-of-memory" });
    ada.engine.beforeEnds = () => undefined;
    await ask(ada);
    expect(ada.pipelines.providers).toHaveLength(1);
  });
});

describe("the memory of another device", () => {
  it("is taken only after its user has agreed, and is given back when that changes", async () => {
    const ada = room.enter("Ada", 0);
    const ben = room.enter("Ben");
    const plan = () => ada.pipelines.plan("guide", { nodes: [ben.did] }, signal);
    expect((await plan()).leftOut).toMatchObject([{ peer: ben.did, name: "Ben", why: "consent" }]);
    expect(ben.pipelines.wishes).toEqual([{ peer: ada.did, name: "Ada", model: "guide" }]);
    ben.member.given = GIB;
    expect(ben.pipelines.wishes).toEqual([]);
    await ada.pipelines.open(await plan(), signal);
    expect(ben.pipelines.held).toHaveLength(1);
    ben.member.given = 0;
    ben.pipelines.follow(ben.session);
    await vi.waitFor(() => expect([ben.pipelines.held, ada.store.state.pipelines]).toEqual([[], []]));
    expect(ada.store.state.notices).toMatchObject([{ id: "pipeline-guide", level: "error" }]);
  });

  it("is handed over when its device leaves, to one that has some", async () => {
    const [ada, ben] = pair();
    const cleo = room.enter("Cleo", GIB);
    await ada.pipelines.open(
      await ada.pipelines.plan("guide", { nodes: [ben.did, cleo.did], stages: 1 }, signal),
      signal,
    );
    const [from, to] = ben.pipelines.held.length > 0 ? [ben, cleo] : [cleo, ben];
    await from.pipelines.handOver("It has left the room.");
    expect([from.pipelines.held.length, to.pipelines.held.length]).toEqual([0, 1]);
    await vi.waitFor(() =>
      expect(ada.store.state.pipelines).toMatchObject([{ status: "ready", stages: [{ peer: to.did }] }]),
    );
  });
});
