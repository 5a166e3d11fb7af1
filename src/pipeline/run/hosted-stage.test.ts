/** What a stage does with words of its neighbours and its consumer that cross what it is doing. */
import { afterEach, describe, expect, it } from "vitest";
import { deferred } from "../../core";
import { SEQUENCE, ToyRing, did, hiddenOf, settle, until } from "../testing/toy-ring";

const opened: ToyRing[] = [];
async function toy(): Promise<ToyRing> {
  const one = new ToyRing("abcde");
  opened.push(one);
  await one.form("abc");
  expect(await one.step(0, [1, 2, 3])).toBe(true);
  return one;
}

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

describe("a stage that still dials the neighbour that was named last", () => {
  it.each(["linked", "given up"])(
    "goes on to the next that is named, and never back when the first is %s",
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

describe("a sequence that ends while a stage computes a step of it", () => {
  it.each(["a", "b", "c"])("is not begun anew behind stage %s", async (name) => {
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
