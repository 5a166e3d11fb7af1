import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { deferred } from "./deferred";
import { unless, unlessAborted } from "./race";

describe("unless", () => {
  it("returns the result of the work, or throws its error", async () => {
    const guard = unless(new Promise<never>(() => undefined));
    expect(await guard(Promise.resolve(1))).toBe(1);
    await expect(guard(Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("rejects pending and later work once `fatal` has rejected", async () => {
    const { promise, reject } = deferred<never>();
    const guard = unless(promise);
    const waiting = [guard(new Promise(() => undefined)), guard(new Promise(() => undefined))];
    reject(new Error("lost"));
    for (const each of waiting) await expect(each).rejects.toThrow("lost");
    await expect(guard(Promise.resolve(1))).rejects.toThrow("lost");
  });

  it("keeps no reference to finished work", async () => {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc") as () => void;
    const guard = unless(new Promise<never>(() => undefined));
    const result = new WeakRef(await guard(Promise.resolve({ rows: [1, 2, 3] })));
    await expect
      .poll(() => {
        collect();
        return result.deref() === undefined;
      })
      .toBe(true);
    await guard(Promise.resolve());
  });
});

describe("unlessAborted", () => {
  const open = () => new AbortController().signal;

  it("returns the result of the work, or throws its error", async () => {
    expect(await unlessAborted(Promise.resolve(1), open())).toBe(1);
    await expect(unlessAborted(Promise.reject(new Error("no")), open())).rejects.toThrow("no");
  });

  it("rejects with the reason when it is aborted, before or meanwhile", async () => {
    const reason = new Error("enough");
    await expect(unlessAborted(Promise.resolve(1), AbortSignal.abort(reason))).rejects.toBe(reason);
    const stop = new AbortController();
    const waiting = unlessAborted(new Promise(() => undefined), stop.signal);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it("ignores errors after the abort", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    for (const early of [true, false]) {
      const stop = new AbortController();
      const { promise, reject } = withoutHandler();
      if (early) stop.abort(new Error("enough"));
      const waiting = unlessAborted(promise, stop.signal);
      stop.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
      reject(new Error("late"));
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it.each([
    ["result", () => Promise.resolve(1)],
    ["error", () => Promise.reject(new Error("no"))],
  ])("leaves nothing on the signal after a %s", async (_what, work) => {
    const signal = open();
    const listening = vi.spyOn(signal, "addEventListener");
    const leaving = vi.spyOn(signal, "removeEventListener");
    await unlessAborted(work(), signal).catch(() => undefined);
    await vi.waitFor(() => expect(leaving).toHaveBeenCalledOnce());
    expect(leaving.mock.calls[0]![1]).toBe(listening.mock.calls[0]![1]);
  });
});

function withoutHandler(): { promise: Promise<never>; reject(error: Error): void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_resolve, fail) => (reject = fail));
  return { promise, reject };
}
