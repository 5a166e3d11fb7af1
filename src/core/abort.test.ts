import { describe, expect, it, vi } from "vitest";
import { onAbort } from "./abort";

describe("onAbort", () => {
  it("calls back once, with the reason", () => {
    const stop = new AbortController();
    const callback = vi.fn();
    onAbort(stop.signal, callback);
    expect(callback).not.toHaveBeenCalled();
    const reason = new Error("enough");
    stop.abort(reason);
    stop.abort();
    expect(callback.mock.calls).toEqual([[reason]]);
  });

  it("calls back at once if the signal has already aborted", () => {
    const reason = new Error("enough");
    const callback = vi.fn();
    onAbort(AbortSignal.abort(reason), callback);
    expect(callback.mock.calls).toEqual([[reason]]);
  });

  it("stops listening at the end of a block, however it ends", () => {
    const stop = new AbortController();
    const callback = vi.fn();
    const leaving = vi.spyOn(stop.signal, "removeEventListener");
    const work = (fails: boolean): void => {
      using _ = onAbort(stop.signal, callback);
      if (fails) throw new Error("no");
    };
    work(false);
    expect(() => work(true)).toThrow("no");
    expect(leaving).toHaveBeenCalledTimes(2);
    stop.abort();
    expect(callback).not.toHaveBeenCalled();
  });

  it("stops listening when its result is called", () => {
    const stop = new AbortController();
    const callback = vi.fn();
    onAbort(stop.signal, callback)();
    stop.abort();
    expect(callback).not.toHaveBeenCalled();
  });

  it("works with `using` in a browser that has no `Symbol.dispose`", async () => {
    vi.resetModules();
    vi.stubGlobal("Symbol", withoutDispose());
    try {
      const fresh = await import("./abort");
      const stop = new AbortController();
      const callback = vi.fn();
      {
        using _ = fresh.onAbort(stop.signal, callback);
      }
      stop.abort();
      expect(callback).not.toHaveBeenCalled();
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

/** `Symbol` without the property `dispose`, which is a fixed property of the real one. */
function withoutDispose(): object {
  const real = Symbol;
  return new Proxy((name?: string) => real(name), {
    get: (_target, key) => (key === "dispose" ? undefined : (Reflect.get(real, key) as unknown)),
  });
}
