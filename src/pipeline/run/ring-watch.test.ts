/** Stages whose link lives and which do not answer: found, and replaced. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StageFrame } from "../../room";
import { StepWatch } from "./ring-watch";
import { ToyRing, closeRings, did, fakeTime, never, pass, settle, until } from "../testing/toy-ring";

/** A step is late after this where none took long, and stages answer within that, ms. */
const PATIENCE_MS = 10_000;
const ANSWER_MS = 5_000;

async function toy(names = "abc", spare = "de"): Promise<ToyRing> {
  const one = new ToyRing(names + spare);
  await one.form(names);
  return one;
}

beforeEach(fakeTime);
afterEach(closeRings);

/** Drops steps from one node to another, as if one of the two had. */
function dropSteps(one: ToyRing, from: string, to: string, which: (step: number) => boolean = () => true): void {
  one.bus.onFrame = (frame, sender, receiver) =>
    !(frame.kind === "stage.forward" && sender === did(from) && receiver === did(to) && which(frame.body.step));
}

describe.each([
  { name: "a", after: "dbc" },
  { name: "b", after: "adc" },
  { name: "c", after: "abd" },
])("stage $name, whose link is alive,", ({ name, after }) => {
  it("is replaced when it no longer answers anything", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    one.bus.onFrame = (_frame, _from, to) => to !== did(name);
    const answer = one.step(3, [4]);
    await pass(PATIENCE_MS - 1);
    expect(one.sent("stage.where")).toBe("");
    await pass(1 + ANSWER_MS);
    expect(await answer).toBe(true);
    expect(one.holders).toBe(after);
    expect(await one.step(4, [5])).toBe(true);
  });

  it("is replaced when its model hangs, at the second inquiry", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    one.node(name).beforeStep = never;
    const answer = one.step(3, [4]);
    await pass(PATIENCE_MS);
    expect([one.sent("stage.where"), one.holders]).toEqual(["abc", "abc"]);
    await pass(PATIENCE_MS - 1);
    expect(one.sent("stage.where")).toBe("abc");
    await pass(1);
    expect(await answer).toBe(true);
    expect(one.holders).toBe(after);
  });

  it("is replaced when it claims to have passed on a step that it has kept", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    const next = { a: "b", b: "c", c: "self" }[name]!;
    dropSteps(one, name, next);
    const answer = one.step(3, [4]);
    for (let inquiry = 0; inquiry < 2; inquiry++) await pass(PATIENCE_MS);
    expect(await answer).toBe(true);
    expect(one.holders).toBe(after);
  });

  it("is not replaced while it works for long, even if nothing else moves", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    let free: () => void = () => undefined;
    one.node(name).beforeStep = () => new Promise((resolve) => (free = resolve));
    const answer = one.step(3, [4]);
    await pass(PATIENCE_MS + ANSWER_MS);
    expect(one.sent("stage.where")).toBe("abc");
    free();
    expect(await answer).toBe(true);
    expect(one.holders).toBe("abc");
  });
});

describe("the search for a step", () => {
  it("reports the stage that never takes steps, although the stage before it is suspected first", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    // Drops all steps to b, no matter which stage sends them.
    one.bus.onFrame = (frame, _from, to) => !(frame.kind === "stage.forward" && to === did("b"));
    const answer = one.step(3, [4]);
    for (let inquiry = 0; inquiry < 2; inquiry++) await pass(PATIENCE_MS);
    expect(one.holders).toBe("dbc");
    for (let inquiry = 0; inquiry < 2; inquiry++) await pass(PATIENCE_MS);
    expect(await answer).toBe(true);
    expect(one.holders).toBe("dec");
  });

  it("reports the stage that sends steps with a wrong attempt, and not the stages behind it one after another", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    one.bus.onFrame = (frame, from) => {
      if (frame.kind === "stage.forward" && from === did("a")) Object.assign(frame.body, { attempt: 900_000 });
      return true;
    };
    const answer = one.step(3, [4]);
    for (let inquiry = 0; inquiry < 2; inquiry++) await pass(PATIENCE_MS);
    expect(await answer).toBe(true);
    expect(one.holders).toBe("dbc");
  });

  it("reports the stage that dropped one step while others move", async () => {
    const one = await toy();
    dropSteps(one, "a", "b", (step) => step === 1);
    const other = "11".repeat(8);
    expect(await one.step(0, [1])).toBe(true);
    const answer = one.step(1, [2]);
    for (let second = 0; second < 19; second++) {
      await pass(1_000);
      if (one.holders === "abc") expect(await one.step(second, [second], other)).toBe(true);
    }
    expect(one.holders).toBe("abc");
    await pass(1_000);
    expect(await answer).toBe(true);
    expect(one.holders).toBe("dbc");
  });

  it("does not suspect a stage that reads a long text again", async () => {
    const one = await toy();
    for (let token = 0; token < 10; token++) expect(await one.step(token, [token])).toBe(true);
    one.node("d").beforeStep = () => new Promise((resolve) => setTimeout(resolve, 4_000));
    one.bus.kill(did("b"));
    const answer = one.step(10, [4]);
    await pass(4 * PATIENCE_MS);
    expect(one.sent("stage.where")).toMatch(/^(adc){3,4}$/);
    expect(one.holders).toBe("adc");
    await pass(PATIENCE_MS);
    expect(await answer).toBe(true);
  });

  it("reports a stage that only claims to work", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    one.node("b").beforeStep = never;
    let worked = 0;
    one.bus.onFrame = (frame, from) => {
      if (frame.kind === "stage.seen" && from === did("b")) Object.assign(frame.body, { worked: ++worked });
      return true;
    };
    const answer = one.step(3, [4]);
    for (let minute = 0; minute < 10; minute++) await pass(60_000);
    expect(worked).toBeGreaterThan(30);
    expect(one.holders).toBe("abc");
    await pass(PATIENCE_MS);
    expect(await answer).toBe(true);
    expect(one.holders).toBe("adc");
  });

  it("is more patient if the ring is slow", async () => {
    const one = await toy();
    one.node("b").beforeStep = () => new Promise((resolve) => setTimeout(resolve, 8_000));
    const slow = one.step(0, [1]);
    await settle();
    await pass(8_000);
    expect(await slow).toBe(true);
    one.node("b").beforeStep = never;
    const answer = one.step(1, [2]);
    await pass(4 * 8_000 - 1);
    expect(one.sent("stage.where")).toBe("");
    await pass(1);
    expect(one.sent("stage.where")).toBe("abc");
    await pass(4 * 8_000);
    expect(await answer).toBe(true);
  });

  it("does not count the time of a repair", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    let load: () => void = () => undefined;
    one.node("d").beforeOpen = () => new Promise((resolve) => (load = resolve));
    one.bus.kill(did("b"));
    await until(() => one.ring.status === "repairing");
    const answer = one.step(3, [4]);
    await pass(60_000);
    expect(one.sent("stage.where")).toBe("");
    load();
    expect(await answer).toBe(true);
    await settle();
    expect([one.sent("stage.where"), one.holders]).toEqual(["", "adc"]);
  });

  it("starts again if a stage hands over meanwhile, because the new stage has not been asked", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    one.bus.onFrame = (frame, from) => !(frame.kind === "stage.seen" && from === did("b"));
    let free: () => void = () => undefined;
    for (const name of ["a", "d"]) one.node(name).beforeStep = () => new Promise((resolve) => (free = resolve));
    const answer = one.step(3, [4]);
    await pass(PATIENCE_MS);
    void one.node("a").host.handOver({ signal: new AbortController().signal });
    await until(() => one.holders === "dbc");
    await settle();
    free(); // The new stage reads the kept steps first.
    await settle();
    await pass(ANSWER_MS);
    expect([one.sent("stage.where"), one.holders]).toEqual(["abc", "dbc"]);
    free();
    expect(await answer).toBe(true);
  });

  it("starts again after a repair", async () => {
    const one = await toy();
    expect(await one.step(0, [1, 2, 3])).toBe(true);
    one.node("a").beforeStep = never;
    const answer = one.step(3, [4]);
    await pass(PATIENCE_MS);
    expect(one.sent("stage.where")).toBe("abc");
    one.bus.kill(did("c"));
    await until(() => one.holders === "abd" && one.ring.status === "ready");
    await pass(PATIENCE_MS);
    expect([one.sent("stage.where"), one.holders]).toEqual(["abcabd", "abd"]);
    await pass(PATIENCE_MS);
    expect(await answer).toBe(true);
    expect(one.holders).toBe("ebd");
  });

  it("ends when the step comes back, and ignores answers of other nodes", async () => {
    const one = await toy();
    const forged = { pipeline: one.ring.id, step: 0, state: "unknown", worked: 0 } as const;
    one.bus.onFrame = (frame: StageFrame, from) => {
      if (frame.kind === "stage.where") one.bus.join(did("m")).post(did("self"), "stage.seen", forged);
      return !(frame.kind === "stage.seen" && from === did("c"));
    };
    let free: () => void = () => undefined;
    one.node("c").beforeStep = () => new Promise((resolve) => (free = resolve));
    const answer = one.step(0, [1]);
    await pass(PATIENCE_MS);
    expect(one.sent("stage.where")).toBe("abc");
    free();
    expect(await answer).toBe(true);
    await pass(ANSWER_MS + 10 * PATIENCE_MS);
    expect([one.sent("stage.where"), one.holders]).toEqual(["abc", "abc"]);
  });

  it("reports a stage at once that says it no longer holds its layers", async () => {
    const one = await toy();
    expect(await one.step(0, [1])).toBe(true);
    // Its link to the consumer was gone for a moment, and only it has noticed.
    one.bus.tellGone(did("b"), did("self"));
    expect(one.node("b").host.stages).toEqual([]);
    const answer = one.step(1, [2]);
    await pass(PATIENCE_MS);
    expect(await answer).toBe(true);
    expect(one.holders).toBe("adc");
  });
});

describe("questions", () => {
  function watching() {
    const asked: number[] = [];
    const state = { waitsHere: true };
    const watch = new StepWatch({
      members: () => [did("a")],
      ask: (_did, step) => {
        asked.push(step);
        return Promise.resolve();
      },
      waitsHere: () => state.waitsHere,
      onStuck: () => undefined,
      onMissing: () => undefined,
    });
    watch.resume(0);
    return { asked, state, watch };
  }

  it("are not asked about a step that waits for this node's own connection", async () => {
    const { asked, state, watch } = watching();
    watch.given(0);
    await pass(3 * PATIENCE_MS);
    expect(asked).toEqual([]);
    state.waitsHere = false;
    await pass(PATIENCE_MS);
    expect(asked).toEqual([0]);
  });

  it("are asked no more often than stages may take to answer, however many steps are late", async () => {
    const { asked, state, watch } = watching();
    state.waitsHere = false;
    for (let step = 0; step < 100; step++) watch.given(step);
    await pass(PATIENCE_MS);
    for (let step = 0; step < 100; step++) {
      watch.seen(did("a"), { pipeline: "", step, state: "computing", worked: step });
      watch.forget(step);
      await pass(100);
    }
    expect(asked).toEqual([0, 50]);
  });
});
