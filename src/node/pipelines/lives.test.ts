/** How pipelines end, start over, and come back. Their parts are fakes. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MicrogridError, deferred } from "../../core";
import type { PipelinePlan } from "../types";
import { OwnPipeline } from "./pipeline";
import type { Planned } from "./planner";
import { Restoring, type WantedPipeline } from "./restoring";
import type { PipelineRun } from "./pipeline-run";

const planned = (missing?: string): Planned =>
  ({ plan: { model: "m", name: "M", missing: missing === undefined ? undefined : { text: missing } } }) as Planned;
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** A pipeline whose parts are formed at once, and what happened to it. */
function pipeline(next: () => Promise<Planned> = () => Promise.resolve(planned())) {
  const made: { lose(error: Error): void; closed: boolean; formed: boolean }[] = [];
  const ends: string[] = [];
  const wanted: unknown[] = [];
  const own = new OwnPipeline(planned(), {
    wanted: { stages: 3, answers: 2 },
    make: (_planned, onLost) => {
      const one = { lose: onLost, closed: false, formed: false };
      made.push(one);
      return {
        plan: { model: "m", name: "M" },
        form: () => {
          one.formed = true;
          return Promise.resolve();
        },
        close: () => (one.closed = true),
      } as unknown as PipelineRun;
    },
    plan: (_model, options) => {
      wanted.push(options);
      return next();
    },
    onEnd: ({ message }) => void ends.push(message),
  });
  return { own, made, ends, wanted };
}

describe("a pipeline that is lost", () => {
  const lost = new MicrogridError("peer-lost", "Nobody is left.");

  it("is planned again, over any number of devices, and formed", async () => {
    const { own, made, ends, wanted } = pipeline();
    await own.form(new AbortController());
    made[0]!.lose(lost);
    await settle();
    expect(wanted).toEqual([{ answers: 2 }]);
    expect(made.map(({ closed, formed }) => [closed, formed])).toEqual([
      [true, true],
      [false, true],
    ]);
    expect(ends).toEqual([]);
  });

  it("ends with a message if no device can run it, or if it was lost too often", async () => {
    const short = pipeline(() => Promise.resolve(planned("3 GB more are needed.")));
    short.made[0]!.lose(lost);
    await settle();
    expect(short.ends).toEqual(["M no longer runs with the room: 3 GB more are needed."]);
    const often = pipeline();
    for (let time = 0; time < 4; time++) {
      often.made.at(-1)!.lose(lost);
      await settle();
    }
    expect(often.made).toHaveLength(4);
    expect(often.ends).toEqual(["M no longer runs with the room: Nobody is left."]);
  });

  it("is no longer formed if it is closed during planning", async () => {
    const planning = deferred<Planned>();
    const { own, made, ends } = pipeline(() => planning.promise);
    made[0]!.lose(lost);
    own.close();
    planning.resolve(planned());
    await settle();
    expect(made).toHaveLength(1);
    expect(ends).toEqual([]);
  });
});

describe("pipelines after a reload", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function restoring() {
    const here = new Set<string>();
    const opened: PipelinePlan[] = [];
    const failures: string[] = [];
    const state = { missing: undefined as string | undefined, waitingAtOpen: -1 };
    const all = new Restoring({
      gives: (holder) => here.has(holder),
      plan: () => Promise.resolve(planned(state.missing).plan),
      open: (plan) => {
        opened.push(plan);
        return Promise.resolve();
      },
      onFailure: (text) => void failures.push(text),
    });
    return { all, here, opened, failures, state };
  }
  const wanted: WantedPipeline = { model: "m", holders: ["a", "b"] };
  const { signal } = new AbortController();

  it("are opened once, as soon as the nodes that held their layers are present", async () => {
    const { all, here, opened } = restoring();
    all.expect([wanted]);
    expect(all.waiting).toEqual([wanted]);
    all.start(signal);
    here.add("a");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(opened).toEqual([]);
    here.add("b");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(opened).toHaveLength(1);
    expect(all.waiting).toEqual([]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(opened).toHaveLength(1);
  });

  it("are opened with the members present if the others do not come, or given up with a message", async () => {
    const some = restoring();
    some.all.expect([wanted]);
    some.all.start(signal);
    await vi.advanceTimersByTimeAsync(70_000);
    expect(some.opened).toHaveLength(1);
    const none = restoring();
    none.state.missing = "3 GB more are needed.";
    none.all.expect([wanted]);
    none.all.start(signal);
    await vi.advanceTimersByTimeAsync(70_000);
    expect(none.opened).toEqual([]);
    expect(none.failures).toEqual([expect.stringMatching(/“m” no longer runs .* 3 GB more are needed\./)]);
    expect(none.all.waiting).toEqual([]);
  });

  it("are not opened once the room is forgotten", async () => {
    const { all, here, opened } = restoring();
    all.expect([wanted]);
    all.start(signal);
    await vi.advanceTimersByTimeAsync(2_000);
    all.forget();
    here.add("a").add("b");
    await vi.advanceTimersByTimeAsync(120_000);
    expect(opened).toEqual([]);
  });
});
