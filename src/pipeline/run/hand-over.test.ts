/** How stages whose node leaves hand their layers over. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ToyRing, closeRings, did, fakeTime, loading, settle, until } from "../testing/toy-ring";

const signal = new AbortController().signal;
beforeEach(fakeTime);
afterEach(closeRings);

describe.each(["a", "b", "c"])("stage %s, which leaves,", (name) => {
  const after = ["a", "b", "c"].map((each) => (each === name ? "d" : each)).join("");

  it("serves until another node has its layers and its kept steps", async () => {
    const one = new ToyRing("abcd");
    const d = loading(one, "d");
    await one.form("abc");
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    let left = false;
    const leaving = one
      .node(name)
      .host.handOver({ signal })
      .then(() => (left = true));
    await until(() => one.sent("stage.open").endsWith("d"));
    expect(await one.step(3, [4])).toBe(true);
    expect([one.holders, one.ring.status, left]).toEqual(["abc", "ready", false]);
    const other = "22".repeat(8);
    const answers = [one.step(4, [5]), one.step(0, [9, 8], other)];
    d.done();
    expect(await Promise.all(answers)).toEqual([true, true]);
    await leaving;
    expect(one.holders).toBe(after);
    expect(await one.step(5, [6, 7])).toBe(true);
    expect(await one.step(2, [7], other)).toBe(true);
    expect(one.node(name).host.stages).toEqual([]);
    expect(one.told.map(({ status }) => status)).not.toContain("repairing");
  });

  it("stays while no node can take its layers, until it disappears", async () => {
    const one = new ToyRing("abc");
    await one.form("abc");
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    await one.node(name).host.handOver({ signal });
    expect([one.sent("stage.stay"), one.ring.status]).toEqual([name, "ready"]);
    expect(await one.step(3, [4])).toBe(true);
    one.node(name).host.close("It has left.");
    await until(() => one.ring.status === "closed");
  });

  it("is replaced like any lost stage if it disappears before the others are ready", async () => {
    const one = new ToyRing("abcd");
    const d = loading(one, "d");
    await one.form("abc");
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    void one.node(name).host.handOver({ signal });
    await until(() => one.sent("stage.open").endsWith("d"));
    one.bus.kill(did(name));
    await until(() => one.ring.status === "repairing");
    const answer = one.step(3, [4]);
    d.done();
    expect(await answer).toBe(true);
    expect([one.holders, one.sent("stage.open")]).toEqual([after, "abcd"]);
  });
});

describe("a node that leaves", () => {
  it("accepts no new stages, and gives up those that it has not loaded", async () => {
    const one = new ToyRing("ab");
    loading(one, "a");
    const forming = one.form("ab");
    const refused = expect(forming).rejects.toMatchObject({
      code: "stage-refused",
      message: expect.stringMatching(/about to leave/) as string,
    });
    await settle();
    await one.node("a").host.handOver({ signal });
    await refused;
    await expect(one.form("a")).rejects.toMatchObject({
      code: "stage-refused",
      message: expect.stringMatching(/about to leave/) as string,
    });
  });

  it("may announce that while the others still load", async () => {
    const one = new ToyRing("abc");
    const b = loading(one, "b");
    const forming = one.form("ab");
    await settle();
    const leaving = one.node("a").host.handOver({ signal });
    await settle();
    b.done();
    await forming;
    await leaving;
    expect(one.holders).toBe("cb");
    expect(await one.step(0, [1, 2])).toBe(true);
  });

  it("waits only for those of its stages that another node takes", async () => {
    const one = new ToyRing("abc");
    await one.form("ab");
    const c = loading(one, "c");
    // Another consumer, to whom nobody is left.
    const [stage] = one.node("a").host.stages;
    const other = one.bus.join(did("other"));
    const pipeline = "44".repeat(8);
    other.post(did("a"), "stage.open", { ...stage!.request, pipeline, next: did("other") });
    await until(() => one.sent("stage.ready").endsWith("other"));
    let left = false;
    const leaving = one
      .node("a")
      .host.handOver({ signal })
      .then(() => (left = true));
    other.post(did("a"), "stage.stay", { pipeline });
    one.bus.join(did("m")).post(did("a"), "stage.stay", { pipeline: one.ring.id });
    await settle();
    expect(left).toBe(false);
    c.done();
    await leaving;
    expect([one.holders, one.node("a").host.stages.length]).toEqual(["cb", 1]);
  });

  it("leaves at once if it holds nothing, and is replaced together with a neighbour that leaves too", async () => {
    const one = new ToyRing("abcdef");
    await one.node("f").host.handOver({ signal });
    await one.form("abc");
    expect(await one.step(0, [1, 2])).toBe(true);
    await Promise.all(["a", "b"].map((name) => one.node(name).host.handOver({ signal })));
    expect(one.holders.endsWith("c")).toBe(true);
    expect(one.holders).not.toMatch(/[ab]/);
    expect(await one.step(2, [3])).toBe(true);
  });

  it("waits if another stage is lost meanwhile, which is replaced first", async () => {
    const one = new ToyRing("abcde");
    const d = loading(one, "d");
    await one.form("abc");
    expect(await one.step(0, [1, 2])).toBe(true);
    const leaving = one.node("a").host.handOver({ signal });
    await until(() => one.sent("stage.open").endsWith("d"));
    one.bus.kill(did("c"));
    await until(() => one.sent("stage.open").endsWith("dd"));
    const answer = one.step(2, [3]);
    d.done();
    expect(await answer).toBe(true);
    await leaving;
    expect(one.holders).toBe("ebd");
    expect(await one.step(3, [4])).toBe(true);
  });
});
