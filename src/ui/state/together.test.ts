import { describe, expect, test, vi } from "vitest";
import { type Deferred, MicrogridError, deferred } from "../../core";
import type { GridApi, Pipeline, PipelinePlan, PipelineState, PlanOptions } from "../../grid";
import { Together } from "./together";

/** A grid whose plans and pipelines come when the test says so. */
class Pipelines {
  readonly asked: [string, PlanOptions][] = [];
  planned = deferred<PipelinePlan>();
  readonly opening = new Map<string, { readonly done: Deferred<Pipeline>; readonly signal: AbortSignal }>();
  running: Pipeline[] = [];

  plan(model: string, { signal: _, ...options }: PlanOptions & { signal?: AbortSignal }): Promise<PipelinePlan> {
    this.asked.push([model, options]);
    return this.planned.promise.then((plan) => ({ ...plan, model }));
  }

  open({ model }: PipelinePlan, { signal = new AbortController().signal } = {}): Promise<Pipeline> {
    const done = deferred<Pipeline>();
    signal.addEventListener("abort", () => done.reject(signal.reason));
    this.opening.set(model, { done, signal });
    return done.promise;
  }

  list(): readonly Pipeline[] {
    return this.running;
  }
}

const PLAN = { name: "Big" } as PipelinePlan;

interface Setting {
  readonly pipelines: Pipelines;
  readonly together: Together;
  readonly ready: ReturnType<typeof vi.fn>;
  readonly failed: ReturnType<typeof vi.fn>;
}

function setUp(): Setting {
  const pipelines = new Pipelines();
  const together = new Together({ pipelines } as unknown as GridApi);
  const [ready, failed] = [vi.fn(), vi.fn()];
  together.on("ready", ready);
  together.on("failed", failed);
  return { pipelines, together, ready, failed };
}

/** Plans and begins to form these models, one after the other; the last one is shown. */
async function forming(...models: readonly string[]): Promise<Setting & { readonly done: readonly Promise<void>[] }> {
  const setting = setUp();
  setting.pipelines.planned.resolve(PLAN);
  const done: Promise<void>[] = [];
  for (const model of models) {
    await setting.together.plan(model);
    done.push(setting.together.form());
  }
  return { ...setting, done };
}

const pipeline = (id: string, model: string, status: PipelineState["status"] = "ready"): Pipeline => ({
  id,
  model,
  state: { id, model, status } as PipelineState,
  close: vi.fn(() => Promise.resolve()),
});

describe("a plan", () => {
  test("is requested, shown, formed, and reported when it is ready", async () => {
    const { pipelines, together, ready } = setUp();
    const planning = together.plan("big", { stages: 2 });
    expect(together.shown).toEqual({ kind: "asking", model: "big", options: { stages: 2 } });
    pipelines.planned.resolve(PLAN);
    await planning;
    expect(together.shown?.kind).toBe("planned");
    const done = together.form();
    expect(together.shown?.kind).toBe("forming");
    pipelines.opening.get("big")?.done.resolve(pipeline("p", "big"));
    await done;
    expect(together.shown).toMatchObject({ kind: "ready", pipeline: "p" });
    expect(ready).toHaveBeenCalledExactlyOnceWith({ plan: { ...PLAN, model: "big" }, seen: true });
  });

  test("is requested again with the same wishes, or with others", async () => {
    const { pipelines, together } = setUp();
    pipelines.planned.resolve(PLAN);
    await together.plan("big", { answers: 4 });
    await together.again();
    await together.again({ options: { stages: 3 } });
    expect(pipelines.asked.map(([, options]) => options)).toEqual([{ answers: 4 }, { answers: 4 }, { stages: 3 }]);
  });

  test("that was cancelled or requested again is not shown when it arrives", async () => {
    const { pipelines, together } = setUp();
    const first = together.plan("big");
    together.cancel();
    expect(together.shown).toBeUndefined();
    pipelines.planned.resolve(PLAN);
    await first;
    expect([together.shown, together.of("big")]).toEqual([undefined, undefined]);
  });

  test("that cannot be made or formed shows the reason, with a way to try again", async () => {
    const { pipelines, together } = setUp();
    pipelines.planned.reject(new MicrogridError("unsupported-model", "It cannot be split."));
    await together.plan("big");
    expect(together.shown).toMatchObject({ kind: "failed", text: "It cannot be split." });

    const other = await forming("big");
    other.pipelines.opening.get("big")?.done.reject(new MicrogridError("peer-lost", "Ann left."));
    await Promise.all(other.done);
    expect(other.together.shown).toMatchObject({ kind: "failed", text: "Ann left." });
    expect(other.failed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ seen: true, text: "Ann left." }));
  });

  test("is given up when its dialog is left", async () => {
    const { pipelines, together } = setUp();
    pipelines.planned.resolve(PLAN);
    await together.plan("big");
    together.hide();
    expect(together.of("big")).toBeUndefined();
    await together.plan("big");
    await together.plan("other");
    expect(together.of("big")).toBeUndefined();
  });
});

describe("a pipeline that is being formed", () => {
  test("continues when its dialog is left, and can be shown again and cancelled", async () => {
    const { pipelines, together, done, failed } = await forming("big");
    const { signal } = pipelines.opening.get("big")!;
    together.hide();
    expect([together.shown, together.of("big")?.kind, signal.aborted]).toEqual([undefined, "forming", false]);
    together.show("big");
    expect(together.shown?.kind).toBe("forming");
    together.cancel();
    expect(signal.aborted).toBe(true);
    await Promise.all(done);
    expect(together.of("big")).toBeUndefined();
    expect(failed).not.toHaveBeenCalled();
  });

  test("continues when another model is planned and formed too", async () => {
    const { pipelines, together, done, ready } = await forming("big", "other");
    expect([together.of("big")?.kind, together.shown?.model]).toEqual(["forming", "other"]);
    expect(pipelines.opening.get("big")?.signal.aborted).toBe(false);
    pipelines.opening.get("big")?.done.resolve(pipeline("p", "big"));
    await done[0];
    expect(ready).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ seen: false }));
    expect([together.of("big"), together.shown?.kind]).toEqual([undefined, "forming"]);
  });

  test("is shown, and not started a second time, if it is planned again", async () => {
    const { pipelines, together } = await forming("big", "other");
    await together.plan("big");
    expect(together.shown).toMatchObject({ kind: "forming", model: "big" });
    expect(together.of("other")?.kind).toBe("forming");
    expect(pipelines.asked).toHaveLength(2);
  });

  test("reports a failure while its dialog is closed, keeps it, and is planned again with the same wishes", async () => {
    const { pipelines, together, failed } = setUp();
    pipelines.planned.resolve(PLAN);
    await together.plan("big", { stages: 3 });
    const done = together.form();
    together.hide();
    pipelines.opening.get("big")?.done.reject(new MicrogridError("peer-lost", "Ann left."));
    await done;
    expect(failed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ seen: false, text: "Ann left." }));
    expect([together.shown, together.of("big")?.kind]).toEqual([undefined, "failed"]);
    await together.again({ model: "big" });
    expect(together.shown?.kind).toBe("planned");
    expect(pipelines.asked.at(-1)).toEqual(["big", { stages: 3 }]);
  });
});

describe("closing a pipeline", () => {
  test("frees the one pipeline that was meant", async () => {
    const { pipelines, together } = setUp();
    const [first, second] = [pipeline("1", "big"), pipeline("2", "big")];
    pipelines.running = [first, second];
    await together.close("2");
    expect(first.close).not.toHaveBeenCalled();
    expect(second.close).toHaveBeenCalledOnce();
    await expect(together.close("gone")).resolves.toBeUndefined();
  });

  test("gives up the setup that forms it, and no other", async () => {
    const { pipelines, together } = await forming("big", "other");
    pipelines.running = [pipeline("1", "big", "forming"), pipeline("2", "other")];
    await together.close("1");
    await together.close("2");
    expect(pipelines.opening.get("big")?.signal.aborted).toBe(true);
    expect(together.of("big")).toBeUndefined();
    expect(pipelines.opening.get("other")?.signal.aborted).toBe(false);
  });
});
