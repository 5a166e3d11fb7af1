/** A stage withstands malicious neighbours and consumers: its memory is bounded, and no frame circulates forever. */
import { describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import type { StageForward, StageService } from "../../inference";
import type { ReceivedStageBody, StageLanes } from "../../room";
import { SEQUENCE, ToyRing, did, settle } from "../testing/toy-ring";
import { MAX_KEPT_BYTES } from "./history";
import { HostedStage } from "./hosted-stage";

const PIPELINE = "ab".repeat(8);
const source = { model: "m", graph: "g", graphBytes: 1, weightsHash: "h" };
const terms = { ...source, from: 0, to: 2, context: 64, sequences: 4, stepTokens: 16, attempt: 0 };
/** The repair in which the loop is closed. */
const PLACE = { pipeline: PIPELINE, attempt: 1 };
const info = { id: "s", backend: "wasm", kvBytesPerToken: 1, decodeMs: 1, prefillMs: 1 } as const;
const numbers = new Uint8Array(2 * 2 ** 20);
const stepOf = (step: number, more: Partial<ReceivedStageBody<"stage.forward">> = {}) => ({
  pipeline: PIPELINE,
  attempt: 0,
  step,
  sequence: SEQUENCE,
  keep: 0,
  count: 1,
  tensors: [{ name: "x", dtype: "float32" as const, bytes: numbers }],
  ...more,
});

/** A stage whose model does what a test says, and all that it sends. */
function hosted(forward: StageService["forward"]) {
  const sent: { readonly to: Did; readonly kind: string; readonly body: Record<string, unknown> }[] = [];
  const send = (to: Did, kind: string, body: Record<string, unknown>): Promise<void> => {
    sent.push({ to, kind, body });
    return Promise.resolve();
  };
  const [consumer, neighbour] = [did("consumer"), did("neighbour")];
  const request = { pipeline: PIPELINE, ...terms, previous: neighbour, next: neighbour };
  const stage = new HostedStage({ send, post: send } as unknown as StageLanes, consumer, request);
  stage.begin({ info, service: { forward, end: () => undefined }, close: () => undefined });
  const failed = () => sent.filter(({ kind }) => kind === "stage.failed").map(({ body }) => [body.step, body.code]);
  return { stage, neighbour, failed };
}

describe("steps for a model that is busy", () => {
  it("are held up to a limit; further steps fail until there is room again", async () => {
    const waiting: (() => void)[] = [];
    const { stage, neighbour, failed } = hosted(
      ({ hidden }) => new Promise((resolve) => waiting.push(() => resolve(hidden))),
    );
    const room = Math.floor(MAX_KEPT_BYTES / numbers.length) - 1;
    for (let step = 0; step < 2 * room; step++) stage.forward(neighbour, stepOf(step));
    expect(waiting.length).toBe(room);
    expect(failed()).toHaveLength(room);
    expect(failed()[0]).toEqual([room, "stage-lost"]);
    for (const free of waiting.splice(0)) free();
    await settle();
    stage.forward(neighbour, stepOf(2 * room));
    expect(waiting.length).toBe(1);
  });

  it("are refused at once if they have more tokens than agreed", () => {
    const computed: StageForward[] = [];
    const { stage, neighbour, failed } = hosted((step) => {
      computed.push(step);
      return Promise.resolve(step.hidden);
    });
    stage.forward(neighbour, stepOf(0, { count: 17 }));
    stage.forward(neighbour, stepOf(1, { keep: 60, count: 5 }));
    expect(computed).toEqual([]);
    expect(failed()).toEqual([
      [0, "stage-refused"],
      [1, "stage-refused"],
    ]);
    stage.forward(neighbour, stepOf(2, { keep: 48, count: 16 }));
    expect(computed).toHaveLength(1);
  });

  it("do not make the stage flood its consumer with failures", () => {
    const { stage, neighbour, failed } = hosted(({ hidden }) => Promise.resolve(hidden));
    // On a slow machine, the loop would last long enough to allow more of them.
    vi.spyOn(performance, "now").mockReturnValue(performance.now());
    for (let step = 0; step < 20_000; step++) stage.forward(neighbour, stepOf(step, { count: 17 }));
    vi.restoreAllMocks();
    expect(failed().length).toBeLessThan(5_000);
  });
});

describe("two stages that a consumer has wired into a loop", () => {
  it("pass a step and its end on once, and not around forever", async () => {
    const one = new ToyRing("ab");
    const consumer = one.bus.join(did("e"));
    const order = [
      { at: "a", previous: "e", next: "b" },
      { at: "b", previous: "a", next: "a" },
    ];
    for (const { at, previous, next } of order) {
      const placing = { previous: did(previous), next: did(next) };
      consumer.post(did(at), "stage.open", { pipeline: PIPELINE, ...terms, ...placing });
    }
    await settle();
    consumer.post(did("b"), "stage.next", { ...PLACE, did: did("a"), upTo: 2, open: [], openFrom: 0 });
    await settle();
    const bytes = new Uint8Array(4);
    const sequences = [SEQUENCE, "11".repeat(8)];
    for (const [step, sequence] of sequences.entries()) {
      const tensors = [{ name: "x", dtype: "float32" as const, bytes }];
      consumer.post(did("a"), "stage.forward", stepOf(step, { sequence, tensors }));
    }
    await settle();
    // A step that is under way when the loop closes could circulate.
    consumer.post(did("a"), "stage.forward", stepOf(2, { tensors: [{ name: "x", dtype: "float32", bytes }] }));
    for (const sequence of [sequences[1]!, "22".repeat(8)]) {
      consumer.post(did("a"), "stage.end", { pipeline: PIPELINE, sequence });
    }
    consumer.post(did("a"), "stage.previous", { ...PLACE, did: did("b") });
    await settle();
    const around = (kind: string): number =>
      one.bus.log.filter(({ from, frame }) => from !== did("e") && frame.kind === kind).length;
    const before = [around("stage.end"), around("stage.forward")];
    expect(before[0]).toBeGreaterThan(1);
    expect(before[1]).toBeGreaterThan(4);
    for (let round = 0; round < 5; round++) await settle();
    expect([around("stage.end"), around("stage.forward")]).toEqual(before);
    for (const { host } of one.nodes.values()) host.close("enough");
  });
});
