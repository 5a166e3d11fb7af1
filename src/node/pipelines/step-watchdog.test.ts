import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deferred } from "../../core";
import type { HiddenState, StageForward, StageInfo, StageService } from "../../inference";
import { StepWatchdog } from "./step-watchdog";

const INFO = { decodeMs: 100, prefillMs: 10 } as StageInfo;
const step = (count = 1): StageForward => ({ sequence: "s", keep: 0, count, hidden: [] });
const options = { signal: new AbortController().signal };

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

/** A worker that computes one step after another, each when the test says so. */
function worker() {
  const ends: (() => void)[] = [];
  const service: StageService = {
    forward: () => {
      const { promise, resolve } = deferred<HiddenState>();
      ends.push(() => resolve([]));
      return promise;
    },
    end: () => undefined,
  };
  const stuck: string[] = [];
  const state = { loading: false };
  const watch = new StepWatchdog({ isLoading: () => state.loading, onStuck: (consumer) => stuck.push(consumer) });
  const stageOf = (consumer: string): StageService => watch.over({ ...service }, INFO, consumer);
  return { ends, stuck, state, watch, stageOf };
}

test("a step that takes far longer than measured is reported once", async () => {
  const { stuck, stageOf } = worker();
  void stageOf("mallory").forward(step(), options);
  await vi.advanceTimersByTimeAsync(3000);
  expect(stuck).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stuck).toEqual(["mallory"]);
});

test("a long step may take longer", async () => {
  const { stuck, stageOf } = worker();
  void stageOf("ada").forward(step(100), options);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(stuck).toEqual([]);
});

test("steps that wait for others are not to blame", async () => {
  const { stuck, ends, stageOf } = worker();
  void stageOf("mallory").forward(step(), options);
  void stageOf("ada").forward(step(), options);
  await vi.advanceTimersByTimeAsync(2500);
  ends[0]!();
  await vi.advanceTimersByTimeAsync(2500);
  expect(stuck).toEqual([]);
  await vi.advanceTimersByTimeAsync(2500);
  expect(stuck).toEqual(["ada"]);
});

test("single tokens that may share a run have the time of all of them, but not without end", async () => {
  const { stuck, stageOf } = worker();
  const stage = stageOf("mallory");
  for (let each = 0; each < 3; each++) void stage.forward(step(), options);
  await vi.advanceTimersByTimeAsync(5000);
  expect(stuck).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(stuck).toEqual(["mallory"]);
  for (let each = 0; each < 64; each++) void stage.forward(step(), options);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(stuck).toEqual(["mallory", "mallory"]);
});

test("time does not count while the worker loads something", async () => {
  const { stuck, state, stageOf } = worker();
  void stageOf("ada").forward(step(), options);
  state.loading = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stuck).toEqual([]);
});

test("nothing is timed when no step is pending", async () => {
  const { ends, stageOf } = worker();
  const done = stageOf("ada").forward(step(), options);
  ends[0]!();
  await done;
  expect(vi.getTimerCount()).toBe(0);
});
