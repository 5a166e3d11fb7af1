import { describe, expect, it } from "vitest";
import type { Did } from "../../core";
import type { Survey } from "../../pipeline";
import { type Planned, Planner } from "./planner";
import { guide } from "./testing/guide";

const did = (name: string) => `did:key:${name}` as Did;
const CONSUMER = did("consumer");

describe("the place of a lost device", () => {
  const ability = { memoryBytes: 2 * 2 ** 30, decodeMs: 1, prefillMs: 1 };
  const known = (able: Readonly<Record<string, Partial<typeof ability>>>): Survey => ({
    able: new Map(Object.entries(able).map(([name, given]) => [did(name), { ...ability, ...given }])),
    unable: new Map(),
    link: () => ({ rttMs: 1, bytesPerSecond: 1e8 }),
  });
  const planned = (survey: Survey): Planned =>
    ({ plan: { context: 64, sequences: 1 }, model: guide, survey }) as unknown as Planned;
  const planner = (here: readonly string[]): Planner =>
    new Planner({ self: CONSUMER, members: () => here.map(did), nameOf: String } as never);

  it("goes to the fastest available node that was asked during planning", () => {
    const survey = known({ slow: { decodeMs: 3 }, fast: {}, taken: {}, gone: {} });
    const stages = planner(["slow", "fast", "taken"]).replace(
      planned(survey),
      { from: 2, to: 5 },
      new Set([did("taken")]),
    );
    expect(stages).toEqual([{ did: did("fast"), from: 2, to: 5 }]);
  });

  it("goes to several nodes if no single one has the memory", () => {
    const half = 64 * 2 ** 20 + guide.bytesOf({ from: 2, to: 4 }, 64) + 100;
    const survey = known({ a: { memoryBytes: half }, b: { memoryBytes: half } });
    const stages = planner(["a", "b"]).replace(planned(survey), { from: 1, to: 5 }, new Set());
    expect(stages.map(({ from, to }) => [from, to])).toEqual([
      [1, 3],
      [3, 5],
    ]);
    expect(new Set(stages.map((stage) => stage.did)).size).toBe(2);
  });

  it("stays empty if no node has the memory", () => {
    const replace = () =>
      planner(["a"]).replace(planned(known({ a: { memoryBytes: 1000 } })), { from: 0, to: 6 }, new Set());
    expect(replace).toThrow("No device has the memory");
  });
});
