import { describe, expect, test, vi } from "vitest";
import { MicrogridError, deferred } from "../../core";
import type { GridApi, Pipeline, PipelinePlan, PlanOptions } from "../../grid";
import { Together } from "./together";

/** A grid whose plans and pipelines come when the test says so. */
class Pipelines {
  readonly asked: [string, PlanOptions][] = [];
  planned = deferred<PipelinePlan>();
  opened = deferred<Pipeline>();
  signal: AbortSignal | undefined;
  running: Pipeline[] = [];

  plan(model: string, { signal: _, ...options }: PlanOptions & { signal?: AbortSignal }): Promise<PipelinePlan> {
    this.asked.push([model, options]);
    return this.planned.promise;
  }

  open(_plan: PipelinePlan, { signal }: { signal?: AbortSignal } = {}): Promise<Pipeline> {
    this.signal = signal;
    return this.opened.promise;
  }

  list(): readonly Pipeline[] {
    return this.running;
  }
}

const PLAN = { model: "big", name: "Big" } as PipelinePlan;

function setUp(): { pipelines: Pipelines; together: Together } {
  const pipelines = new Pipelines();
  return { pipelines, together: new Together({ pipelines } as unknown as GridApi) };
}

async function planned(): Promise<ReturnType<typeof setUp>> {
  const set = setUp();
  const done = set.together.plan("big");
  set.pipelines.planned.resolve(PLAN);
  await done;
  return set;
}

describe("Together", () => {
  test("asks, shows the plan, forms it and tells when it is ready", async () => {
    const { pipelines, together } = setUp();
    const ready = vi.fn();
    together.on("ready", ready);
    const planning = together.plan("big", { stages: 2 });
    expect(together.attempt).toEqual({ kind: "asking", model: "big", options: { stages: 2 } });
    expect(together.shown).toBe(true);
    pipelines.planned.resolve(PLAN);
    await planning;
    expect(together.attempt?.kind).toBe("planned");
    const forming = together.form();
    expect(together.attempt?.kind).toBe("forming");
    pipelines.opened.resolve({} as Pipeline);
    await forming;
    expect(together.attempt?.kind).toBe("ready");
    expect(ready).toHaveBeenCalledExactlyOnceWith(PLAN);
  });

  test("asks again with the same wishes, or with others", async () => {
    const { pipelines, together } = setUp();
    pipelines.planned.resolve(PLAN);
    await together.plan("big", { answers: 4 });
    await together.again();
    await together.again({ stages: 3 });
    expect(pipelines.asked.map(([, options]) => options)).toEqual([{ answers: 4 }, { answers: 4 }, { stages: 3 }]);
  });

  test("a plan that was cancelled, or asked for anew, is not shown when it comes", async () => {
    const { pipelines, together } = setUp();
    const first = together.plan("big");
    together.cancel();
    expect(together.attempt).toBeUndefined();
    pipelines.planned.resolve(PLAN);
    await first;
    expect(together.attempt).toBeUndefined();
    expect(together.shown).toBe(false);
  });

  test("why nothing can be planned or formed is kept, with the way to ask again", async () => {
    const { pipelines, together } = setUp();
    pipelines.planned.reject(new MicrogridError("unsupported-model", "It cannot be split."));
    await together.plan("big");
    expect(together.attempt).toMatchObject({ kind: "failed", text: "It cannot be split." });

    const other = await planned();
    other.pipelines.opened.reject(new MicrogridError("peer-lost", "Ann left."));
    await other.together.form();
    expect(other.together.attempt).toMatchObject({ kind: "failed", text: "Ann left.", plan: PLAN });
  });

  test("looking away gives up a plan, but not what is being formed; cancelling does", async () => {
    const { pipelines, together } = await planned();
    together.hide();
    expect(together.attempt).toBeUndefined();

    pipelines.planned.resolve(PLAN);
    await together.plan("big");
    const forming = together.form();
    together.hide();
    expect([together.attempt?.kind, together.shown, pipelines.signal?.aborted]).toEqual(["forming", false, false]);
    together.show();
    expect(together.shown).toBe(true);
    together.cancel();
    expect(pipelines.signal?.aborted).toBe(true);
    pipelines.opened.reject(pipelines.signal?.reason);
    await forming;
    expect(together.attempt).toBeUndefined();
  });

  test("closing frees every pipeline of the model, and gives up the one that is being formed", async () => {
    const { pipelines, together } = await planned();
    void together.form();
    const close = vi.fn(() => Promise.resolve());
    pipelines.running = [
      { model: "big", close } as unknown as Pipeline,
      { model: "other", close: () => Promise.reject(new Error("not this one")) } as unknown as Pipeline,
    ];
    await together.close("big");
    expect(close).toHaveBeenCalledOnce();
    expect(pipelines.signal?.aborted).toBe(true);
  });
});
