/** A stage copes with frames of its neighbours and its consumer that arrive while it is busy with something else. */
import { afterEach, describe, expect, it } from "vitest";
import { deferred } from "../../core";
import { SEQUENCE, ToyRing, closeRings, did, hiddenOf, never, settle, until } from "../testing/toy-ring";

async function toy(): Promise<ToyRing> {
  const one = new ToyRing("abcde");
  await one.form("abc");
  expect(await one.step(0, [1, 2, 3])).toBe(true);
  return one;
}

afterEach(closeRings);

describe("a stage that is still dialling its new neighbour", () => {
  it.each(["linked", "given up"])(
    "moves on to the next named neighbour, and never back when the first one is %s",
    async (how) => {
      const one = await toy();
      const dialling = deferred<undefined>();
      let holds = 0;
      // The first to ask is the consumer.
      one.bus.onHold = async (node) => (node === did("d") && holds++ === 1 ? dialling.promise : undefined);
      one.bus.kill(did("b"));
      await until(() => holds === 2);
      one.bus.kill(did("d"));
      expect(await one.step(3, [4])).toBe(true);
      if (how === "linked") dialling.resolve(undefined);
      else dialling.reject(new Error("nobody is there"));
      await settle();
      expect(await one.step(4, [5])).toBe(true);
      expect(one.holders).toBe("aec");
    },
  );

  it("sends nothing once it is closed", async () => {
    const one = await toy();
    const dialling = deferred<undefined>();
    let holds = 0;
    one.bus.onHold = async (node) => (node === did("d") && holds++ === 1 ? dialling.promise : undefined);
    one.bus.kill(did("b"));
    await until(() => holds === 2);
    one.close();
    await settle();
    const before = one.bus.log.length;
    dialling.resolve(undefined);
    await settle();
    expect(one.bus.log.length).toBe(before);
  });
});

describe("the links of a stage", () => {
  const pipeline = "cd".repeat(8);
  const request = {
    pipeline,
    ...{ model: "m", graph: "g", graphBytes: 1, weightsHash: "h" },
    ...{ from: 0, to: 2, context: 64, sequences: 4, stepTokens: 16, attempt: 0 },
  };

  /** A node that is asked for a stage between the consumer and somebody else. */
  function asked() {
    const one = new ToyRing("ab");
    const dialled: string[] = [];
    const held: string[] = [];
    one.bus.onHold = async (node) => {
      dialled.push(node);
      await Promise.resolve();
      held.push(node);
    };
    one.bus.onRelease = (node) => void held.splice(held.indexOf(node), 1);
    const consumer = one.bus.join(did("e"));
    const open = () => consumer.post(did("a"), "stage.open", { ...request, previous: did("e"), next: did("b") });
    return { one, consumer, dialled, held, open };
  }

  it("are dialled for a stranger only once the node has agreed, while it loads", async () => {
    const { one, dialled, open } = asked();
    one.node("a").beforeOpen = () => Promise.reject(new Error("not for you"));
    open();
    await until(() => one.sent("stage.refused") === "e");
    expect(dialled).toEqual([did("e")]);

    const loaded = deferred<undefined>();
    one.node("a").beforeOpen = (_request, { onProgress }) => {
      onProgress(1, 2);
      return loaded.promise;
    };
    open();
    await until(() => dialled.includes(did("b")));
    expect(one.sent("stage.ready")).toBe("");
    loaded.resolve(undefined);
    await until(() => one.sent("stage.ready") === "e");
  });

  it("lead only to its current neighbour, and are released when the stage is closed", async () => {
    const { one, consumer, held, open } = asked();
    open();
    await until(() => one.sent("stage.ready") === "e");
    const next = { pipeline, upTo: 2, open: [], openFrom: 0 };
    for (const name of ["c", "d", "f"]) one.bus.join(did(name));
    consumer.post(did("a"), "stage.next", { ...next, attempt: 1, did: did("c") });
    await settle();
    expect(held).toEqual([did("e"), did("c")]);
    const signals: AbortSignal[] = [];
    const usual = one.bus.onHold;
    one.bus.onHold = (node, signal) => (signals.push(signal) === 1 ? never() : usual(node, signal));
    consumer.post(did("a"), "stage.next", { ...next, attempt: 2, did: did("d") });
    consumer.post(did("a"), "stage.next", { ...next, attempt: 3, did: did("f") });
    await settle();
    expect(held).toEqual([did("e"), did("f")]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    consumer.post(did("a"), "stage.close", { pipeline });
    await settle();
    expect(held).toEqual([]);
  });
});

describe("a sequence that ends while a stage computes a step of it", () => {
  it.each(["a", "b", "c"])("is not started again behind stage %s", async (name) => {
    const one = await toy();
    const busy = deferred<undefined>();
    let begun = false;
    one.node(name).beforeStep = () => {
      begun = true;
      return busy.promise;
    };
    const stop = new AbortController();
    const other = "22".repeat(8);
    const step = { sequence: other, keep: 0, count: 1, hidden: hiddenOf([1]) };
    const stopped = expect(one.ring.forward(step, stop)).rejects.toThrow("enough");
    await until(() => begun);
    stop.abort(new Error("enough"));
    await stopped;
    one.ring.end(other);
    await settle();
    busy.resolve(undefined);
    await settle();
    expect(["a", "b", "c"].map((each) => one.node(each).stages[0]!.sequences)).toEqual(Array(3).fill([SEQUENCE]));
    const behind = one.bus.log.filter(
      ({ from, frame }) => from === did(name) && "sequence" in frame.body && frame.body.sequence === other,
    );
    expect(behind.map(({ frame }) => frame.kind)).toEqual(["stage.end"]);
    expect(await one.step(3, [4])).toBe(true);
  });
});
