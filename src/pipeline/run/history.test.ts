import { describe, expect, it } from "vitest";
import type { Did } from "../../core";
import type { StageLanes } from "../../room";
import { Bus } from "../testing/bus";
import { NextLink } from "./next-link";
import { type RingStep, STEP_BYTES, StepHistory } from "./history";

/** A step whose numbers are its tokens' positions, two bytes each. */
function step(number: number, keep: number, count: number, sequence = "one"): RingStep {
  const bytes = new Uint8Array(Uint16Array.from({ length: count }, (_, i) => keep + i).buffer);
  return { step: number, sequence, keep, count, hidden: [{ name: "x", type: "float16", bytes }] };
}

const shape = (steps: readonly RingStep[] | undefined) => steps?.map(({ keep, count }) => [keep, count]);

describe("StepHistory", () => {
  it("keeps the steps that lead to the current state of a sequence, without tokens that were taken back", () => {
    const history = new StepHistory(10_000);
    for (const one of [step(0, 0, 4), step(1, 4, 4), step(2, 6, 1)]) history.add(one);
    expect(shape(history.of("one"))).toEqual([
      [0, 4],
      [4, 2],
      [6, 1],
    ]);
    expect([...new Uint16Array(history.of("one")![1]!.hidden[0]!.bytes.buffer)]).toEqual([4, 5]);
    expect(history.bytes).toBe(14 + 3 * STEP_BYTES);
    history.end("one");
    expect([history.bytes, history.sequences]).toEqual([0, []]);
  });

  it("drops the whole longest sequence when memory runs out, reports it, and accepts it again from its start", () => {
    const history = new StepHistory(20 + 4 * STEP_BYTES);
    history.add(step(0, 0, 4, "long"));
    history.add(step(1, 4, 4, "long"));
    history.add(step(2, 0, 2, "short"));
    history.add(step(3, 2, 2, "short"));
    expect(history.of("long")).toBeUndefined();
    expect(shape(history.of("short"))).toEqual([
      [0, 2],
      [2, 2],
    ]);
    history.add(step(4, 8, 1, "long"));
    expect(history.of("long")).toBeUndefined();
    history.add(step(5, 0, 1, "long"));
    expect(shape(history.of("long"))).toEqual([[0, 1]]);
  });
});

describe("a link whose next node is replaced", () => {
  it("sends all steps again, and marks those that later stages know: neither open steps nor newer ones", async () => {
    const bus = new Bus();
    const [a, b] = ["did:key:a", "did:key:b"] as [Did, Did];
    const edge = new NextLink(bus.join("did:key:self" as Did), "00".repeat(8), { did: a, attempt: 0 }, () => undefined);
    bus.join(a);
    for (let i = 0; i < 4; i++) edge.give(step(i, i, 1), { known: false });
    bus.join(b);
    edge.reroute({ did: b, attempt: 1 }, { upTo: 3, open: [1], openFrom: 3 });
    const given = () =>
      bus.log.flatMap(({ to, frame }) =>
        to === b && frame.kind === "stage.forward" ? [[frame.body.step, frame.body.attempt, frame.body.upTo]] : [],
      );
    await expect.poll(given).toEqual([
      [0, 1, 3],
      [1, 1, undefined],
      [2, 1, 3],
      [3, 1, undefined],
    ]);
  });

  it("waits for a slow connection, reports the waiting steps, and abandons that connection when its node is replaced", async () => {
    const taken: [to: string, step: number][] = [];
    let free: () => void = () => undefined;
    const send = (to: Did, _kind: string, body: { readonly step: number }): Promise<void> => {
      taken.push([to, body.step]);
      return new Promise((resolve) => (free = resolve));
    };
    const [a, b] = ["did:key:a", "did:key:b"] as [Did, Did];
    const edge = new NextLink(
      { send } as unknown as StageLanes,
      "00".repeat(8),
      { did: a, attempt: 0 },
      () => undefined,
    );
    for (let i = 0; i < 3; i++) edge.give(step(i, i, 1), { known: false });
    expect(taken).toEqual([[a, 0]]);
    expect([0, 2, 3].map((number) => edge.waits(number))).toEqual([true, true, false]);
    const slow = free;
    edge.reroute({ did: b, attempt: 1 }, { upTo: 3, open: [2], openFrom: 3 });
    slow();
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => taken.length).toBe(2 + i);
      free();
    }
    await expect.poll(() => edge.waits(2)).toBe(false);
    expect(taken).toEqual([
      [a, 0],
      [b, 0],
      [b, 1],
      [b, 2],
    ]);
  });
});
