/** The queue that all streams are built on: order, back-pressure, and every way in which a stream can end. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { AsyncQueue } from "./queue";

/** Lets everything run that waits for resolved promises only. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** Whether a promise has settled so far. */
function watch(promise: Promise<unknown>): { readonly settled: boolean } {
  const state = { settled: false };
  const done = (): void => void (state.settled = true);
  promise.then(done, done);
  return state;
}

/** Reads until the end; an error becomes the last entry. */
async function readAll<T>(queue: AsyncQueue<T>): Promise<unknown[]> {
  const read: unknown[] = [];
  try {
    for await (const item of queue) read.push(item);
  } catch (error) {
    read.push(error);
  }
  return read;
}

describe("AsyncQueue", () => {
  it("delivers items in order, to a reader that comes later and to a waiting reader", async () => {
    const queue = new AsyncQueue<number>();
    void queue.push(1);
    void queue.push(2);
    expect(queue.size).toBe(2);
    expect(await queue.next()).toEqual({ value: 1, done: false });
    expect(await queue.next()).toEqual({ value: 2, done: false });
    const waiting = queue.next();
    void queue.push(3);
    expect(await waiting).toEqual({ value: 3, done: false });
  });

  it("makes the writer wait at capacity until an item is read", async () => {
    const queue = new AsyncQueue<number>({ capacity: 2 });
    const below = watch(queue.push(1));
    const at = watch(queue.push(2));
    await settle();
    expect([below.settled, at.settled]).toEqual([true, false]);
    await queue.next();
    await settle();
    expect(at.settled).toBe(true);
  });

  it("keeps all of several waiting writers until there is room, and then releases them", async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 });
    const writers = [1, 2, 3].map((item) => watch(queue.push(item)));
    await queue.next();
    await queue.next();
    await settle();
    expect(writers.map(({ settled }) => settled)).toEqual([false, false, false]);
    expect(await queue.next()).toEqual({ value: 3, done: false });
    await settle();
    expect(writers.map(({ settled }) => settled)).toEqual([true, true, true]);
  });

  it("ends after the unread items, for good, and releases waiting writers", async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 });
    const writer = watch(queue.push(1));
    queue.end();
    expect(queue.ended).toBe(true);
    await settle();
    expect(writer.settled).toBe(true);
    expect(await readAll(queue)).toEqual([1]);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });

  it("ends for a reader that is already waiting", async () => {
    const queue = new AsyncQueue<number>();
    const waiting = queue.next();
    queue.end();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });

  it("fails once, after the unread items, even with an undefined error", async () => {
    for (const error of [new Error("lost"), undefined]) {
      const queue = new AsyncQueue<number>();
      void queue.push(1);
      queue.fail(error);
      expect(await readAll(queue)).toEqual([1, error]);
      expect(await queue.next()).toEqual({ value: undefined, done: true });
    }
  });

  it("ignores a second end", async () => {
    const queue = new AsyncQueue<number>();
    queue.end();
    queue.fail(new Error("too late"));
    expect(await readAll(queue)).toEqual([]);
  });

  it("drops items that are pushed after the end, without making the writer wait", async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 });
    queue.end();
    await queue.push(1);
    expect(queue.size).toBe(0);
    expect(await readAll(queue)).toEqual([]);
  });

  it("calls `onReturn` once if the reader leaves early, drops the rest and releases the writer", async () => {
    const onReturn = vi.fn();
    const queue = new AsyncQueue<number>({ capacity: 2, onReturn });
    void queue.push(1);
    const writer = watch(queue.push(2));
    for await (const item of queue) {
      expect(item).toBe(1);
      break;
    }
    await queue.return();
    await settle();
    expect(onReturn).toHaveBeenCalledTimes(1);
    expect([queue.size, queue.ended, writer.settled]).toEqual([0, true, true]);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });

  it("does not call `onReturn` if the stream has ended before", async () => {
    const onReturn = vi.fn();
    const queue = new AsyncQueue<number>({ onReturn });
    queue.end();
    await readAll(queue);
    await queue.return();
    expect(onReturn).not.toHaveBeenCalled();
  });

  it("delivers every item in order within its capacity, however reads and writes are interleaved", async () => {
    const step = fc.constantFrom("write" as const, "read" as const, "pause" as const);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), async (capacity, steps) => {
        const queue = new AsyncQueue<number>({ capacity });
        const total = steps.filter((each) => each === "write").length;
        const read: number[] = [];
        const writing = (async () => {
          let next = 0;
          for (const each of steps) {
            if (each === "write") {
              await queue.push(next++);
              expect(queue.size).toBeLessThan(capacity);
            } else if (each === "pause") await Promise.resolve();
          }
          queue.end();
        })();
        for (const each of steps) {
          expect(queue.size).toBeLessThanOrEqual(capacity);
          if (each === "pause") await Promise.resolve();
          else if (each === "read") {
            const next = await queue.next();
            if (next.done !== true) read.push(next.value);
          }
        }
        for await (const item of queue) read.push(item);
        await writing;
        expect(read).toEqual(Array.from({ length: total }, (_, index) => index));
      }),
      { numRuns: 200 },
    );
  });
});
