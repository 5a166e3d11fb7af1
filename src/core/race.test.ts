import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { deferred } from "./deferred";
import { unless } from "./race";

describe("unless", () => {
  it("gives what the work gives, or its error", async () => {
    const guard = unless(new Promise<never>(() => undefined));
    expect(await guard(Promise.resolve(1))).toBe(1);
    await expect(guard(Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("rejects all that waits, and all that comes later, when the worst has happened", async () => {
    const { promise, reject } = deferred<never>();
    const guard = unless(promise);
    const waiting = [guard(new Promise(() => undefined)), guard(new Promise(() => undefined))];
    reject(new Error("lost"));
    for (const each of waiting) await expect(each).rejects.toThrow("lost");
    await expect(guard(Promise.resolve(1))).rejects.toThrow("lost");
  });

  it("keeps nothing of what is done", async () => {
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
