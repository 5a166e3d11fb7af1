/** A ring of nodes that hold stages of the guide model: it answers, and goes on when nodes are lost. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Did, MicrogridError } from "../../core";
import type { HiddenState, StageService } from "../../inference";
import { Bus } from "../testing/bus";
import { GuideParts, answerIds, shortItems } from "../testing/guide";
import { STEP_TOKENS } from "../testing/parts";
import { Ring } from "./ring";
import type { RingStage } from "./ring-member";
import { StageServer } from "./stage-server";

const SELF = "did:key:self" as Did;
const did = (name: string) => `did:key:${name}` as Did;
const signal = new AbortController().signal;

describe("a ring", () => {
  const parts = new GuideParts();
  /** Loaded once: a stage serves any number of sequences. */
  const loaded = new Map<string, ReturnType<GuideParts["stage"]>>();
  const items = shortItems();
  const item = items.find(({ prompt_ids }) => prompt_ids.length > 20)!;
  const opened: Ring[] = [];

  beforeAll(() => stageOf(1, 3));
  afterEach(() => {
    for (const ring of opened.splice(0)) ring.close();
  });

  function stageOf(from: number, to: number): ReturnType<GuideParts["stage"]> {
    const key = `${from}-${to}`;
    const stage = loaded.get(key) ?? parts.stage(from, to);
    loaded.set(key, stage);
    return stage;
  }

  /** Nodes that hold whatever they are asked for. */
  function nodes(
    bus: Bus,
    names: readonly string[],
    fault: { readonly of: string; spoil(hidden: HiddenState): HiddenState } = { of: "", spoil: (hidden) => hidden },
  ): Map<string, { host: StageServer; sequences: Set<string> }> {
    return new Map(
      names.map((name) => {
        const sequences = new Set<string>();
        const host = new StageServer({
          traffic: bus.join(did(name)),
          open: async ({ from, to }) => {
            const stage = await stageOf(from, to);
            const own = (sequence: string): string => `${name} ${sequence}`;
            const service: StageService = {
              forward: async (step, options) => {
                sequences.add(step.sequence);
                const hidden = await stage.forward({ ...step, sequence: own(step.sequence) }, options);
                return name === fault.of && step.keep > 30 ? fault.spoil(hidden) : hidden;
              },
              end: (sequence) => {
                sequences.delete(sequence);
                stage.end(own(sequence));
              },
            };
            return { info: stage.info, service, close: () => sequences.clear() };
          },
          onChange: () => undefined,
        });
        return [name, { host, sequences }] as const;
      }),
    );
  }

  async function form(bus: Bus, stages: readonly RingStage[], spare: readonly string[] = []): Promise<Ring> {
    const ring = await Ring.form(
      {
        traffic: bus.join(SELF),
        self: SELF,
        source: { model: "guide", graph: "test", graphBytes: 1, weightsHash: "test" },
        context: 1024,
        sequences: 8,
        stepTokens: STEP_TOKENS,
        returns: await parts.returns(5),
        replace: (range, not) => {
          const name = spare.find((each) => !not.has(did(each)));
          if (name === undefined) throw new Error("nobody is left");
          return [{ did: did(name), ...range }];
        },
        onChange: () => undefined,
      },
      stages,
      { signal },
    );
    opened.push(ring);
    return ring;
  }

  const THREE: readonly RingStage[] = [
    { did: did("a"), from: 1, to: 2 },
    { did: did("b"), from: 2, to: 4 },
    { did: did("c"), from: 4, to: 5 },
  ];

  it("answers over three nodes, with hidden states going from each to the next", async () => {
    const bus = new Bus();
    const held = nodes(bus, ["a", "b", "c"]);
    const model = await parts.model(await form(bus, THREE), 1, 5);
    expect(await answerIds(model, item.messages)).toEqual(item.completion_ids.slice(0, -1));
    const ways = new Set(
      bus.log.filter(({ frame }) => frame.kind === "stage.forward").map(({ from, to }) => `${from}>${to}`),
    );
    expect(ways).toEqual(
      new Set(
        [
          [SELF, did("a")],
          [did("a"), did("b")],
          [did("b"), did("c")],
          [did("c"), SELF],
        ].map((w) => w.join(">")),
      ),
    );
    await model.unload();
    // Unloading the model also frees the state kept for the next turn of the conversation.
    await expect.poll(() => [...held.values()].map(({ sequences }) => sequences.size)).toEqual([0, 0, 0]);
  });

  it.each(["a", "b", "c", "ab", "bc", "ac", "abc"])(
    "continues, word for word, when %s disappears in the middle of an answer",
    async (names) => {
      const lost = names.split("");
      const bus = new Bus();
      nodes(bus, ["a", "b", "c", "d", "e"]);
      const ring = await form(bus, THREE, ["d", "e"]);
      const model = await parts.model(ring, 1, 5);
      const ids = await answerIds(model, item.messages, (count) => {
        if (count === 4) for (const name of lost) bus.kill(did(name));
      });
      expect(ids).toEqual(item.completion_ids.slice(0, -1));
      expect([ring.stages[0]?.from, ring.stages.at(-1)?.to]).toEqual([1, 5]);
      for (const name of lost) expect(ring.stages.map((stage) => stage.did)).not.toContain(did(name));
    },
  );

  it("continues when a replacement disappears too, and when its neighbour does", async () => {
    const bus = new Bus();
    nodes(bus, ["a", "b", "c", "d", "e", "f"]);
    const ring = await form(bus, THREE, ["d", "e", "f"]);
    const model = await parts.model(ring, 1, 5);
    const losses = new Map([
      [3, "a"],
      [5, "b"],
      [7, "d"],
    ]);
    const ids = await answerIds(model, item.messages, (count) => {
      const name = losses.get(count);
      if (name !== undefined) bus.kill(did(name));
    });
    expect(ids).toEqual(item.completion_ids.slice(0, -1));
    expect(ring.stages.map((stage) => stage.did)).toEqual(["f", "e", "c"].map(did));
    // The kept steps were enough: nothing was read again from its token ids.
    const sequences = bus.log.flatMap(({ frame }) => (frame.kind === "stage.forward" ? [frame.body.sequence] : []));
    expect(new Set(sequences).size).toBe(1);
  });

  const faults: Record<string, (hidden: HiddenState) => HiddenState> = {
    "numbers that are not finite": (hidden) => hidden.map((one) => ({ ...one, bytes: one.bytes.map(() => 255) })),
    "too few of them": (hidden) => hidden.map((one) => ({ ...one, bytes: one.bytes.slice(4) })),
    "another tensor": (hidden) => hidden.map((one) => ({ ...one, name: "other" })),
    "none at all": () => [],
    "the news that its engine has crashed": () => {
      throw new MicrogridError("worker-crashed", "The engine stopped.");
    },
  };
  it.each(Object.keys(faults).flatMap((fault) => ["a", "b", "c"].map((of) => [of, fault] as const)))(
    "replaces stage %s when it gives %s, and the answer is the same",
    async (of, fault) => {
      const bus = new Bus();
      nodes(bus, ["a", "b", "c", "d"], { of, spoil: faults[fault]! });
      const ring = await form(bus, THREE, ["d"]);
      const model = await parts.model(ring, 1, 5);
      expect(await answerIds(model, item.messages)).toEqual(item.completion_ids.slice(0, -1));
      expect(ring.stages.map((stage) => stage.did)).toEqual(
        ["a", "b", "c"].map((name) => did(name === of ? "d" : name)),
      );
    },
  );

  it("reports that no node can take the layers", async () => {
    const bus = new Bus();
    nodes(bus, ["a", "b", "c"]);
    const model = await parts.model(await form(bus, THREE), 1, 5);
    const answer = answerIds(model, item.messages, (count) => count === 2 && bus.kill(did("b")));
    await expect(answer).rejects.toMatchObject({
      code: "peer-lost",
      message: expect.stringContaining("no other device in the room can take its layers") as string,
    });
  });

  it("is not formed if a node refuses, and leaves nothing open", async () => {
    const bus = new Bus();
    const held = nodes(bus, ["a", "b"]);
    new StageServer({
      traffic: bus.join(did("c")),
      open: () => Promise.reject(new Error("not today")),
      onChange: () => undefined,
    });
    await expect(form(bus, THREE)).rejects.toMatchObject({
      message: expect.stringContaining("refuses to hold its stage") as string,
    });
    await expect.poll(() => [...held.values()].map(({ host }) => host.stages.length)).toEqual([0, 0]);
  });

  it("is not formed of layers that the model does not have", async () => {
    const bus = new Bus();
    nodes(bus, ["a"]);
    await expect(form(bus, [{ did: did("a"), from: 4, to: 9 }])).rejects.toMatchObject({
      code: "stage-refused",
      message: expect.stringContaining("Layers 4 to 9 of 6 are not a stage") as string,
    });
  });

  it("frees its stages when the consumer disappears", async () => {
    const bus = new Bus();
    const held = nodes(bus, ["a", "b", "c"]);
    await form(bus, THREE);
    expect([...held.values()].map(({ host }) => host.stages.length)).toEqual([1, 1, 1]);
    bus.kill(SELF);
    await expect.poll(() => [...held.values()].map(({ host }) => host.stages.length)).toEqual([0, 0, 0]);
  });

  it("accepts steps only from its neighbour", async () => {
    const bus = new Bus();
    nodes(bus, ["a", "b", "c"]);
    const ring = await form(bus, THREE);
    const mallory = bus.join(did("m"));
    const body = { pipeline: ring.id, attempt: 0, step: 0, sequence: "00".repeat(8), keep: 0, count: 1, tensors: [] };
    for (const to of ["a", "b", "c"]) mallory.post(did(to), "stage.forward", body);
    mallory.post(SELF, "stage.failed", { pipeline: ring.id, sequence: body.sequence, code: "stage-lost", message: "" });
    mallory.post(did("b"), "stage.close", { pipeline: ring.id });
    const model = await parts.model(ring, 1, 5);
    expect(await answerIds(model, item.messages)).toEqual(item.completion_ids.slice(0, -1));
    expect(bus.log.filter(({ frame }) => frame.kind === "stage.failed")).toHaveLength(1);
  });
});
