/** Frames that come late, twice, or from whom they should not, at stages and at the consumer: they change nothing. */
import { afterEach, describe, expect, it } from "vitest";
import { MicrogridError } from "../../core";
import type { StageFrame } from "../../room";
import { SELF, SEQUENCE, ToyRing, closeRings, did, settle, until } from "../testing/toy-ring";

type Forward = Extract<StageFrame, { kind: "stage.forward" }>;

/** Steps that were computed, by node. */
type Computed = Partial<Record<string, number>>;

/** A ring that has read three tokens, and counts the steps that each node computes. */
async function toy(): Promise<ToyRing & { readonly computed: Computed }> {
  const computed: Computed = {};
  const one = Object.assign(new ToyRing("abcdef"), { computed });
  for (const [name, node] of one.nodes) {
    node.beforeStep = () => {
      computed[name] = (computed[name] ?? 0) + 1;
      return undefined;
    };
  }
  await one.form("abc");
  one.bus.join(did("m"));
  expect(await one.step(0, [1, 2, 3])).toBe(true);
  return one;
}

afterEach(closeRings);

/** The last step that went from one node to another. */
function lastStep(one: ToyRing, from: string, to: string): Forward {
  const found = one.bus.log.findLast(
    (entry) => entry.from === did(from) && entry.to === did(to) && entry.frame.kind === "stage.forward",
  );
  return structuredClone(found!.frame) as Forward;
}

/** Sends as a node would that is not what it seems. */
function forge(one: ToyRing, from: string, to: string, frame: StageFrame): void {
  one.bus.deliver(did(from), did(to), frame);
}

describe("a step that comes to a stage", () => {
  it("from a former neighbour is dropped, whatever attempt it states", async () => {
    const one = await toy();
    const late = lastStep(one, "b", "c");
    await one.node("b").host.handOver({ signal: new AbortController().signal });
    expect(one.holders).toBe("adc");
    const before = one.computed.c;
    for (const attempt of [0, 1, 2]) forge(one, "b", "c", { ...late, body: { ...late.body, attempt } });
    await settle();
    // The one of attempt 2 waits until the consumer says who that is: another.
    one.bus.kill(did("d"));
    await until(() => one.holders === "aec" && one.ring.status === "ready");
    await settle();
    expect(one.computed.c).toBe(before);
    expect(await one.step(3, [4])).toBe(true);
  });

  it("of an old attempt is dropped, even from the right neighbour", async () => {
    const one = await toy();
    one.bus.kill(did("b"));
    await until(() => one.holders === "adc" && one.ring.status === "ready");
    expect(await one.step(3, [4])).toBe(true);
    const before = one.computed.c;
    const late = lastStep(one, "d", "c");
    forge(one, "d", "c", { ...late, body: { ...late.body, attempt: 0 } });
    await settle();
    expect(one.computed.c).toBe(before);
    expect(await one.step(4, [5])).toBe(true);
  });

  it("a second time is dropped", async () => {
    const one = await toy();
    forge(one, "a", "b", lastStep(one, "a", "b"));
    await settle();
    expect(one.computed).toEqual({ a: 1, b: 1, c: 1 });
    expect(await one.step(3, [4])).toBe(true);
  });

  it("with a `keep` beyond its sequence fails alone", async () => {
    const one = await toy();
    const wrong = lastStep(one, "a", "b");
    forge(one, "a", "b", { ...wrong, body: { ...wrong.body, step: 77, keep: 9 } });
    forge(one, "a", "b", { ...wrong, body: { ...wrong.body, step: 78, keep: 1, sequence: "33".repeat(8) } });
    await settle();
    const failed = one.bus.log.flatMap(({ frame }) => (frame.kind === "stage.failed" ? [frame.body] : []));
    expect(failed.map(({ step, code }) => [step, code])).toEqual([
      [77, "stage-lost"],
      [78, "stage-lost"],
    ]);
    expect(await one.step(3, [4])).toBe(true);
    expect(one.holders).toBe("abc");
  });
});

describe("a stage that loses all its sequences", () => {
  const name = (count: number): string => count.toString(16).padStart(16, "0");
  const lost = { code: "stage-lost" };

  it("is replaced after several sequences without any result", async () => {
    const one = await toy();
    one.node("b").beforeStep = () => Promise.reject(new MicrogridError("stage-lost", "It knows too little."));
    for (let count = 1; count <= 8; count++) await expect(one.step(0, [1], name(count))).rejects.toMatchObject(lost);
    expect(one.holders).toBe("abc");
    await expect(one.step(0, [1], name(9))).rejects.toMatchObject(lost);
    await until(() => one.holders === "adc" && one.ring.status === "ready");
    expect(await one.step(0, [1], name(10))).toBe(true);
  });

  it("is told apart from a stage that loses several sequences at once and then keeps them", async () => {
    const one = await toy();
    for (let round = 0; round < 3; round++) {
      one.node("b").beforeStep = () => Promise.reject(new MicrogridError("stage-lost", "It was away."));
      for (let count = 1; count <= 6; count++) await expect(one.step(0, [1], name(count))).rejects.toMatchObject(lost);
      one.node("b").beforeStep = () => undefined;
      expect(await one.step(0, [1], name(10 + round))).toBe(true);
    }
    expect(one.holders).toBe("abc");
  });
});

describe.each(["out-of-memory", "nonsense"])("a stage that ends every answer with %s", (code) => {
  const name = (count: number): string => count.toString(16).padStart(16, "0");
  const words = "Your password has expired: visit evil.example. ".repeat(10);

  it("is replaced after a few answers, and does not choose the error text that people read", async () => {
    const one = await toy();
    one.bus.onFrame = (frame, _from, to) => {
      if (frame.kind !== "stage.forward" || to !== did("b")) return true;
      const { pipeline, sequence, step } = frame.body;
      forge(one, "b", "self", { kind: "stage.failed", body: { pipeline, sequence, step, code, message: words } });
      return false;
    };
    for (let count = 1; count <= 2; count++) {
      const error = await one.step(0, [1], name(count)).catch((thrown: unknown) => thrown as MicrogridError);
      expect(error).toMatchObject({ code: code === "nonsense" ? "stage-refused" : code });
      expect((error as MicrogridError).message).not.toContain("password");
      expect((error as MicrogridError).cause).toMatchObject({ message: words.slice(0, 200) });
    }
    expect(one.holders).toBe("abc");
    // The stage in its place is given the step again.
    expect(await one.step(0, [1], name(3))).toBe(true);
    expect(one.holders).toBe("adc");
  });

  it("stays if steps come back in between", async () => {
    const one = await toy();
    for (let count = 1; count <= 6; count += 2) {
      one.node("b").beforeStep = () => Promise.reject(new MicrogridError("out-of-memory", "It is full."));
      await expect(one.step(0, [1], name(count))).rejects.toMatchObject({ code: "out-of-memory" });
      one.node("b").beforeStep = () => undefined;
      expect(await one.step(0, [1], name(count + 1))).toBe(true);
    }
    expect(one.holders).toBe("abc");
  });
});

describe("a step that comes back to the consumer", () => {
  it("counts only from the last stage, and once", async () => {
    const one = await toy();
    const back = lastStep(one, "c", "self");
    const [tensor] = back.body.tensors;
    const wrong: Forward = {
      ...back,
      body: {
        ...back.body,
        step: 1,
        keep: 3,
        count: 1,
        tensors: [{ ...tensor!, bytes: new Uint8Array(Float32Array.of(7).buffer) }],
      },
    };
    const answer = one.step(3, [4]);
    for (const from of ["a", "b", "d", "m"]) forge(one, from, "self", wrong);
    forge(one, "c", "self", { ...wrong, body: { ...wrong.body, attempt: 1 } });
    expect(await answer).toBe(true);
    forge(one, "c", "self", wrong);
    await settle();
    expect(await one.step(4, [5])).toBe(true);
    expect(one.holders).toBe("abc");
  });
});

describe("frames of strangers, and repeated frames of stages,", () => {
  it("change nothing at the consumer", async () => {
    const one = await toy();
    const pipeline = one.ring.id;
    const told = one.told.length;
    const place = { pipeline, sequence: SEQUENCE, step: 1 };
    const answer = one.step(3, [4]);
    for (const from of ["d", "m"]) {
      forge(one, from, "self", { kind: "stage.ready", body: { pipeline, attempt: 0, decodeMs: 1 } });
      forge(one, from, "self", { kind: "stage.refused", body: { pipeline, attempt: 0, reason: "no" } });
      forge(one, from, "self", { kind: "stage.leaving", body: { pipeline } });
      forge(one, from, "self", {
        kind: "stage.progress",
        body: { pipeline, attempt: 0, loadedBytes: 9, totalBytes: 10 },
      });
      forge(one, from, "self", { kind: "stage.seen", body: { pipeline, step: 1, state: "unknown", worked: 0 } });
      forge(one, from, "self", { kind: "stage.failed", body: { ...place, code: "peer-protocol", message: "" } });
      forge(one, from, "self", { kind: "stage.failed", body: { ...place, code: "stage-lost", message: "" } });
      one.bus.tellGone(SELF, did(from));
    }
    forge(one, "b", "self", { kind: "stage.ready", body: { pipeline, attempt: 0, decodeMs: 1e9 } });
    forge(one, "b", "self", { kind: "stage.progress", body: { pipeline, attempt: 0, loadedBytes: 9, totalBytes: 10 } });
    expect(await answer).toBe(true);
    expect(one.told.length).toBe(told);
    expect(one.ring.stages[1]).toMatchObject({ ready: true, loadedBytes: 0 });
    // A spare node that was reported gone without holding a stage may still replace another.
    one.bus.kill(did("b"));
    await until(() => one.holders === "adc" && one.ring.status === "ready");
    await settle();
    expect(one.holders).toBe("adc");
  });

  it("change nothing at a stage", async () => {
    const one = await toy();
    const pipeline = one.ring.id;
    const [request] = one.node("b").host.stages.map((stage) => stage.request);
    const before = { ...one.computed };
    for (const from of ["m", "c"]) {
      forge(one, from, "b", { kind: "stage.previous", body: { pipeline, attempt: 1, did: did("m") } });
      const next = { pipeline, attempt: 1, did: did("m"), upTo: 4, open: [], openFrom: 0 };
      forge(one, from, "b", { kind: "stage.next", body: next });
      forge(one, from, "b", { kind: "stage.end", body: { pipeline, sequence: SEQUENCE } });
      forge(one, from, "b", { kind: "stage.close", body: { pipeline } });
      forge(one, from, "b", { kind: "stage.where", body: { pipeline, step: 0, previous: did("a"), attempt: 0 } });
      forge(one, from, "b", lastStep(one, "a", "b"));
    }
    await settle();
    expect(one.computed).toEqual(before);
    expect(one.sent("stage.seen")).toBe("");
    expect(one.node("b").host.stages.map((stage) => stage.request)).toEqual([request]);
    const refusals = one.bus.log.flatMap(({ to, frame }) => (frame.kind === "stage.refused" ? [to] : []));
    expect(refusals).toEqual([did("m"), did("c")]);
    expect(await one.step(3, [4])).toBe(true);
  });

  it("do not prevent a pipeline from opening a stage by taking its id first", async () => {
    const one = await toy();
    const [request] = one.node("b").host.stages.map((stage) => stage.request);
    forge(one, "m", "d", { kind: "stage.open", body: { ...request!, previous: did("m"), next: did("m") } });
    await settle();
    expect(one.node("d").host.stages.map(({ consumer }) => consumer)).toEqual([did("m")]);
    one.bus.kill(did("b"));
    expect(await one.step(3, [4])).toBe(true);
    expect(one.node("d").host.stages.map(({ consumer }) => consumer)).toEqual([did("m"), SELF]);
    forge(one, "m", "d", { kind: "stage.close", body: { pipeline: one.ring.id } });
    await settle();
    expect(await one.step(4, [5])).toBe(true);
  });

  it("are refused if they ask for layers that do not exist", async () => {
    const one = await toy();
    const [request] = one.node("b").host.stages.map((stage) => stage.request);
    for (const [from, to] of [
      [3, 3],
      [5, 2],
    ] as const) {
      one.bus.deliver(did("m"), did("d"), { kind: "stage.open", body: { ...request!, from, to } });
    }
    await settle();
    const reasons = one.bus.log.flatMap(({ frame }) => (frame.kind === "stage.refused" ? [frame.body.reason] : []));
    expect(reasons).toEqual(["There are no layers from 3 to 3.", "There are no layers from 5 to 2."]);
    expect(one.node("d").host.stages).toEqual([]);
  });
});
