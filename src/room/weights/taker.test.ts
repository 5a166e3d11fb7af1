/** The taker of weights, against peers that do not keep to the protocol. */
import { describe, expect, it, vi } from "vitest";
import { type BulkRange, MAX_GETS } from "../frames/bulk";
import { eventually } from "../testing/nodes";
import { FILE, RANGE, same, seam } from "../testing/weights";
import { BulkTaker } from "./taker";

const signal = new AbortController().signal;

function taker(silenceMs = 10_000) {
  const { lane, accuse, ...rest } = seam();
  const end = new BulkTaker(lane, { accuse, silenceMs });
  const take = (range: Partial<BulkRange> = {}, own = signal): Promise<Blob> => {
    const taken = end.take({ ...RANGE, ...range }, own);
    taken.catch(() => undefined);
    return taken;
  };
  const piece = (get: string, at: number, length: number): void =>
    end.piece({ get, at, bytes: FILE.slice(at, at + length) });
  return { ...rest, accuse, end, take, piece };
}

describe("a taker", () => {
  it("puts the pieces together and confirms each", async () => {
    const { take, piece, of } = taker();
    const whole = take({ length: 30 });
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 20);
    piece(get, 20, 10);
    expect(await same(await whole, 0, 30)).toBe(true);
    expect(of("bulk.got").map(({ upTo }) => upTo)).toEqual([20, 30]);
  });

  it.each([
    ["that nobody asked for", "f".repeat(16), 0, 10],
    ["with a gap before it", undefined, 11, 5],
    ["that it has already", undefined, 0, 10],
    ["that goes beyond the end", undefined, 10, 91],
  ])("ends a link that sends a piece %s", (_, name, at, length) => {
    const { take, piece, of, accuse } = taker();
    void take({ length: 100 });
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 10);
    expect(accuse).not.toHaveBeenCalled();
    piece(name ?? get, at, length);
    expect(accuse).toHaveBeenCalledTimes(1);
  });

  it("ends a link that sends more after the last piece", async () => {
    const { take, piece, of, accuse } = taker();
    const whole = take({ length: 10 });
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 10);
    await whole;
    piece(get, 10, 1);
    expect(accuse).toHaveBeenCalledTimes(1);
  });

  it("has few requests open, however many are wanted, and sends the next when one has ended", async () => {
    const { end, take, of } = taker();
    const controller = new AbortController();
    const left = take({}, controller.signal);
    for (let i = 0; i < 2 * MAX_GETS; i++) void take();
    const waiting = take({}, controller.signal);
    expect(of("bulk.get")).toHaveLength(MAX_GETS);
    end.end({ get: of("bulk.get")[1]!.get, why: "missing" });
    await eventually(() => expect(of("bulk.get")).toHaveLength(MAX_GETS + 1));
    controller.abort(new Error("enough"));
    await expect(left).rejects.toThrow("enough");
    await expect(waiting).rejects.toThrow("enough");
    await eventually(() => expect(of("bulk.get")).toHaveLength(MAX_GETS + 2));
    end.close("it has left");
    await expect(take()).rejects.toMatchObject({ code: "peer-lost" });
    expect(of("bulk.get")).toHaveLength(MAX_GETS + 2);
  });

  it("ignores pieces that were in flight when it cancelled, but no more than those", async () => {
    const { take, piece, of, end, accuse } = taker();
    const controller = new AbortController();
    const whole = take({ length: 100 }, controller.signal);
    const { get } = of("bulk.get")[0]!;
    piece(get, 0, 10);
    controller.abort(new Error("enough"));
    await expect(whole).rejects.toThrow("enough");
    expect(of("bulk.cancel")).toEqual([{ get }]);
    piece(get, 10, 10);
    expect([accuse.mock.calls, of("bulk.got").length]).toEqual([[], 1]);
    end.end({ get, why: "cancelled" });
    piece(get, 20, 10);
    expect(accuse).toHaveBeenCalledTimes(1);
  });

  it("gives up on a silent member, but not on a slow one", async () => {
    vi.useFakeTimers();
    try {
      const { take, piece, of } = taker(10_000);
      const whole = take({ length: 100 });
      const { get } = of("bulk.get")[0]!;
      for (let at = 0; at < 50; at += 10) {
        await vi.advanceTimersByTimeAsync(9_000);
        piece(get, at, 10);
      }
      expect(of("bulk.cancel")).toEqual([]);
      await vi.advanceTimersByTimeAsync(10_000);
      await expect(whole).rejects.toMatchObject({
        code: "network",
        message: expect.stringMatching(/nothing for 10 s/) as string,
      });
      expect(of("bulk.cancel")).toEqual([{ get }]);
    } finally {
      vi.useRealTimers();
    }
  });
});
