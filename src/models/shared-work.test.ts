import { describe, expect, it } from "vitest";
import { SharedWork } from "./shared-work";

/** Work that the test ends; it rejects with the signal's reason when the signal aborts. */
function controlled() {
  const started: { signal: AbortSignal; report: (step: number) => void; finish: (value: string) => void }[] = [];
  const start = (signal: AbortSignal, report: (step: number) => void): Promise<string> =>
    new Promise((resolve, reject) => {
      started.push({ signal, report, finish: resolve });
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  return { started, start };
}

function caller() {
  const controller = new AbortController();
  const steps: number[] = [];
  return { controller, steps, options: { signal: controller.signal, onProgress: (step: number) => steps.push(step) } };
}

describe("SharedWork", () => {
  it("does the work once for all callers, and reports progress to each", async () => {
    const { started, start } = controlled();
    const shared = new SharedWork<string, number>();
    const [a, b] = [caller(), caller()];
    const first = shared.join("k", start, a.options);
    started[0]?.report(1);
    const second = shared.join("k", start, b.options);
    started[0]?.report(2);
    started[0]?.finish("done");
    expect(await Promise.all([first, second])).toEqual(["done", "done"]);
    expect(started).toHaveLength(1);
    expect([a.steps, b.steps]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it("continues when one caller leaves and stops when the last has left", async () => {
    const { started, start } = controlled();
    const shared = new SharedWork<string, number>();
    const [a, b] = [caller(), caller()];
    const first = shared.join("k", start, a.options);
    const second = shared.join("k", start, b.options);
    a.controller.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    expect(started[0]?.signal.aborted).toBe(false);
    b.controller.abort();
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
    expect(started[0]?.signal.aborted).toBe(true);
  });

  it("starts again for a caller that comes after all have left or after a failure", async () => {
    const { started, start } = controlled();
    const shared = new SharedWork<string, number>();
    const a = caller();
    const first = shared.join("k", start, a.options);
    a.controller.abort();
    await expect(first).rejects.toBeDefined();
    const second = shared.join("k", start, caller().options);
    started[1]?.finish("new");
    expect(await second).toBe("new");
    await expect(shared.join("k", () => Promise.reject(new Error("no")), caller().options)).rejects.toThrow("no");
    expect(await shared.join("k", () => Promise.resolve("yes"), caller().options)).toBe("yes");
  });

  it("does not start for a caller that was aborted before", async () => {
    const { started, start } = controlled();
    const a = caller();
    a.controller.abort();
    await expect(new SharedWork<string, number>().join("k", start, a.options)).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(started).toEqual([]);
  });
});
