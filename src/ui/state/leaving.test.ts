import { expect, test, vi } from "vitest";
import { type Deferred, MicrogridError, deferred } from "../../core";
import type { GridApi } from "../../grid";
import { Leaving } from "./leaving";

/** A room that is left when the test says so. */
function setUp(holding: number): { leaving: Leaving; kinds: string[]; calls: [{ now?: boolean }, Deferred<void>][] } {
  const calls: [{ now?: boolean }, Deferred<void>][] = [];
  const leave = vi.fn((options: { now?: boolean }) => {
    const done = deferred<void>();
    calls.push([options, done]);
    return done.promise;
  });
  const room = { holding: Array.from({ length: holding }) };
  const leaving = new Leaving({ state: { room }, rooms: { current: { leave } } } as unknown as GridApi);
  const kinds: string[] = [];
  leaving.on("change", () => kinds.push(leaving.state.kind));
  return { leaving, kinds, calls };
}

test("a node that holds nothing leaves without mention of a handover", async () => {
  const { leaving, kinds, calls } = setUp(0);
  const done = leaving.leave();
  calls[0]?.[1].resolve();
  await done;
  expect(calls[0]?.[0]).toEqual({ now: false });
  expect(kinds).toEqual(["leaving", "no"]);
});

test("a user who does not wait leaves at once, and the outcome of the first try is ignored", async () => {
  const { leaving, kinds, calls } = setUp(2);
  const first = leaving.leave();
  expect(leaving.state.kind).toBe("handing-over");
  const second = leaving.leave({ now: true });
  expect(calls.map(([options]) => options)).toEqual([{ now: false }, { now: true }]);
  calls[0]?.[1].reject(new MicrogridError("closed", "The room is gone."));
  await first;
  expect(leaving.state.kind).toBe("leaving");
  calls[1]?.[1].resolve();
  await second;
  expect(kinds).toEqual(["handing-over", "leaving", "no"]);
});

test("the reason of a failure is kept until the user tries again", async () => {
  const { leaving, calls } = setUp(1);
  const first = leaving.leave();
  calls[0]?.[1].reject(new MicrogridError("closed", "The tab that leads has gone. Try again."));
  await first;
  expect(leaving.state).toEqual({ kind: "failed", text: "The tab that leads has gone. Try again." });
  void leaving.leave();
  expect(leaving.state.kind).toBe("handing-over");
});
