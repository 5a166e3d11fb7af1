/** How the stages of a ring are opened, and how lost ones are replaced. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SELF, ToyRing, closeRings, did, fakeTime, loading, never, pass, settle, until } from "../testing/toy-ring";

/** A node that shows no progress is given up after this, ms. */
const OPEN_TIMEOUT_MS = 120_000;

beforeEach(fakeTime);
afterEach(closeRings);

describe("opening stages", () => {
  it("shows which nodes load, their progress, and which are ready, and waits as long as they make progress", async () => {
    const one = new ToyRing("abc");
    const b = loading(one, "b");
    const forming = one.form("abc");
    await settle();
    expect(one.told.at(-1)).toEqual({ status: "forming", stages: ["a ready", "b 0", "c ready"] });
    for (let part = 1; part <= 5; part++) {
      await pass(OPEN_TIMEOUT_MS - 1_000);
      b.tell(part * 200_000, 1_000_000);
      await settle();
      expect(one.told.at(-1)!.stages[1]).toBe(`b ${part * 200_000}`);
    }
    await pass(OPEN_TIMEOUT_MS - 1_000);
    b.done();
    await forming;
    expect(one.told.at(-1)).toEqual({ status: "ready", stages: ["a ready", "b ready", "c ready"] });
    // Nothing of the wait is left that could end a ring that is ready.
    await pass(2 * OPEN_TIMEOUT_MS);
    await settle();
    expect(one.told.at(-1)).toEqual({ status: "ready", stages: ["a ready", "b ready", "c ready"] });
  });

  it("gives up a node that it cannot link to", async () => {
    const one = new ToyRing("abc");
    const signals: AbortSignal[] = [];
    one.bus.onHold = (node, linking) => {
      if (node !== did("b")) return Promise.resolve();
      signals.push(linking);
      return new Promise((_resolve, reject) => {
        linking.addEventListener("abort", () => reject(linking.reason as Error));
      });
    };
    const failed = expect(one.form("abc")).rejects.toMatchObject({
      code: "peer-lost",
      message: expect.stringMatching(/too long/) as string,
    });
    await pass(OPEN_TIMEOUT_MS);
    await failed;
    expect(signals[0]!.aborted).toBe(true);
  });

  it("gives up a node that loads only a byte now and then", async () => {
    const one = new ToyRing("abc");
    const b = loading(one, "b");
    const failed = expect(one.form("abc")).rejects.toMatchObject({
      code: "peer-lost",
      message: expect.stringMatching(/too long/) as string,
    });
    await settle();
    for (let bytes = 1; bytes <= 3; bytes++) {
      b.tell(bytes);
      await pass(OPEN_TIMEOUT_MS / 3);
    }
    await failed;
  });

  it.each([
    { of: "little of what it must load", partBytes: 65_536, totalBytes: 2 ** 30, minutes: 2 },
    { of: "more than it said at first", partBytes: 500_000, totalBytes: 1_000_000, minutes: 3 },
    { of: "forever", partBytes: 2 ** 24, totalBytes: 2 ** 30, minutes: 30 },
  ])("gives up a node that loads $of", async ({ partBytes, totalBytes, minutes }) => {
    const one = new ToyRing("abc");
    const b = loading(one, "b");
    let failed = false;
    const forming = expect(one.form("abc").finally(() => (failed = true))).rejects.toThrow(/too long/);
    await settle();
    for (let minute = 0; minute < minutes; minute++) {
      expect(failed).toBe(false);
      const loaded = (minute + 1) * partBytes;
      b.tell(loaded, Math.max(totalBytes, loaded + 1));
      await pass(60_000);
    }
    await settle();
    expect(failed).toBe(true);
    await forming;
  });

  it("gives up sooner a node that replaces a lost one, because answers wait", async () => {
    const one = new ToyRing("abcd");
    const c = loading(one, "c");
    await one.form("ab");
    one.bus.kill(did("b"));
    await settle();
    for (let minute = 0; minute < 15; minute++) {
      expect(one.sent("stage.open")).toBe("abc");
      c.tell((minute + 1) * 2 ** 24, 2 ** 30);
      await pass(60_000);
    }
    await until(() => one.ring.status === "ready");
    expect(one.holders).toBe("ad");
  });

  it("gives up a node that repeats the same progress forever, and frees the others", async () => {
    const one = new ToyRing("abc");
    const b = loading(one, "b");
    const forming = one.form("abc");
    const failed = expect(forming).rejects.toMatchObject({
      code: "peer-lost",
      message: expect.stringMatching(/too long/) as string,
    });
    await settle();
    b.tell(500);
    const { pipeline } = one.node("b").host.stages[0]!.request;
    for (let second = 0; second < OPEN_TIMEOUT_MS / 1_000; second++) {
      const body = { pipeline, attempt: 0, loadedBytes: 500, totalBytes: 1_000 };
      one.bus.deliver(did("b"), SELF, { kind: "stage.progress", body });
      await pass(1_000);
    }
    await failed;
    await until(() => ["a", "b", "c"].every((name) => one.node(name).host.stages.length === 0));
    expect(one.told.at(-1)!.status).toBe("closed");
  });

  it("reports progress at most once a second, and reports the end", async () => {
    const one = new ToyRing("a");
    const a = loading(one, "a");
    const forming = one.form("a");
    await settle();
    for (let percent = 1; percent <= 100; percent++) {
      a.tell(percent * 10);
      await pass(100);
    }
    a.done();
    await forming;
    const told = one.bus.log.flatMap(({ frame }) => (frame.kind === "stage.progress" ? [frame.body.loadedBytes] : []));
    expect(told).toEqual([10, 110, 210, 310, 410, 510, 610, 710, 810, 910, 1000]);
  });

  it("ends at once if a node refuses or the consumer cancels, so that no node loads in vain", async () => {
    const one = new ToyRing("abc");
    const signals: AbortSignal[] = [];
    one.node("b").beforeOpen = (_request, options) => {
      signals.push(options.signal);
      return never();
    };
    one.node("c").beforeOpen = () => Promise.reject(new Error("not today"));
    await expect(one.form("abc")).rejects.toMatchObject({
      code: "stage-refused",
      message: expect.stringMatching(/It says: “not today”$/) as string,
    });
    await until(() => signals[0]!.aborted);

    const stop = new AbortController();
    const forming = one.form("ab", stop.signal);
    const failed = expect(forming).rejects.toThrow("no longer");
    await until(() => signals.length === 2);
    stop.abort(new Error("no longer"));
    await failed;
    await until(() => signals[1]!.aborted);
  });

  it("shows which node loads in the place of a lost one", async () => {
    const one = new ToyRing("abcd");
    const d = loading(one, "d");
    await one.form("abc");
    one.bus.kill(did("b"));
    await settle();
    d.tell(300);
    await settle();
    expect(one.told.at(-1)).toEqual({ status: "repairing", stages: ["a ready", "d 300", "c ready"] });
    d.done();
    await until(() => one.ring.status === "ready");
    expect(one.holders).toBe("adc");
  });

  it("asks another node if a replacement makes no progress, disappears or refuses", async () => {
    const one = new ToyRing("abcdefg");
    loading(one, "d");
    loading(one, "e");
    one.node("f").beforeOpen = () => Promise.reject(new Error("not today"));
    await one.form("abc");
    one.bus.kill(did("c"));
    await until(() => one.sent("stage.open").endsWith("d"));
    await pass(OPEN_TIMEOUT_MS);
    await until(() => one.sent("stage.open").endsWith("e"));
    one.bus.kill(did("e"));
    await until(() => one.ring.status === "ready");
    expect(one.holders).toBe("abg");
    expect(one.node("d").host.stages).toEqual([]);
    expect(await one.step(0, [1, 2])).toBe(true);
  });
});

describe("two neighbours that are lost a moment apart, with one spare node left,", () => {
  const pairs = [
    { first: "a", second: "b", after: "dc" },
    { first: "b", second: "a", after: "dc" },
    { first: "b", second: "c", after: "ad" },
    { first: "c", second: "b", after: "ad" },
  ];

  it.each(pairs)(
    "$first and $second, are replaced together: the node that already loads is asked for more layers",
    async (pair) => {
      const one = new ToyRing("abcd");
      const d = loading(one, "d");
      await one.form("abc");
      expect(await one.step(0, [1, 2, 3])).toBe(true);
      one.bus.kill(did(pair.first));
      await until(() => one.node("d").host.stages.length === 1);
      one.bus.kill(did(pair.second));
      await until(() => one.sent("stage.open").endsWith("dd"));
      const answer = one.step(3, [4]);
      d.done();
      expect(await answer).toBe(true);
      expect(one.holders).toBe(pair.after);
    },
  );

  it("are replaced together although the spare node cannot link to the second one, and learns that before the consumer", async () => {
    const one = new ToyRing("abcd");
    await one.form("abc");
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    one.bus.onHold = (node) => (node === did("b") ? Promise.reject(new Error("not linked")) : Promise.resolve());
    one.bus.kill(did("a"));
    await settle();
    await pass(5_000);
    expect([one.ring.status, one.sent("stage.open")]).toEqual(["repairing", "abcd"]);
    one.bus.kill(did("b"));
    expect(await one.step(3, [4])).toBe(true);
    expect(one.holders).toBe("dc");
  });

  it("are replaced together although the spare node reports late that it could not replace the first one", async () => {
    const one = new ToyRing("abcd");
    const d = loading(one, "d");
    await one.form("abc");
    one.bus.kill(did("a"));
    await until(() => one.node("d").host.stages.length === 1);
    one.bus.kill(did("b"));
    await until(() => one.sent("stage.open").endsWith("dd"));
    const about = { pipeline: one.ring.id, attempt: 1 };
    one.bus.deliver(did("d"), SELF, { kind: "stage.ready", body: { ...about, decodeMs: 1 } });
    one.bus.deliver(did("d"), SELF, { kind: "stage.refused", body: { ...about, reason: "not linked" } });
    await settle();
    expect(one.ring.status).toBe("repairing");
    d.done();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    expect(one.holders).toBe("dc");
  });
});

describe("a node that cannot link to its neighbour", () => {
  it("refuses if the neighbour is not reported lost, and another node is asked", async () => {
    const one = new ToyRing("abcde");
    await one.form("abc");
    let holds = 0;
    one.bus.onHold = (node) =>
      node === did("b") && holds++ === 0 ? Promise.reject(new Error("not linked")) : Promise.resolve();
    one.bus.kill(did("a"));
    await settle();
    await pass(9_000);
    expect(one.sent("stage.refused")).toBe("");
    await pass(1_000);
    await until(() => one.ring.status === "ready");
    expect(one.holders).toBe("ebc");
    expect(await one.step(0, [1, 2])).toBe(true);
  });
});

describe("a ring whose stage no node can replace", () => {
  it("is closed with a reason", async () => {
    const one = new ToyRing("abc");
    await one.form("abc");
    expect(one.ring.error).toBeUndefined();
    one.bus.kill(did("b"));
    await until(() => one.ring.status === "closed");
    expect(one.ring.error).toMatchObject({
      code: "peer-lost",
      message: expect.stringMatching(/no other device/) as string,
    });
  });
});
