import { describe, expect, it } from "vitest";
import { SequenceLog } from "./sequences";

describe("SequenceLog", () => {
  it("knows the last step of each sequence, even of an ended one, until the neighbour changes", () => {
    const log = new SequenceLog();
    expect([log.last("a"), log.end("a")]).toEqual([-1, false]);
    log.note("a", 7);
    log.note("b", 8);
    expect([log.end("a"), log.end("a"), log.last("a")]).toEqual([true, false, 7]);
    log.renew();
    expect([log.last("a"), log.last("b"), log.end("a"), log.end("b")]).toEqual([-1, -1, false, true]);
  });

  it("takes a step back that was not read, unless another one followed", () => {
    const log = new SequenceLog();
    log.note("a", 1);
    log.note("a", 7);
    log.undo("a", 7, 1);
    expect(log.last("a")).toBe(1);
    log.note("a", 2);
    log.undo("a", 7, 1);
    expect(log.last("a")).toBe(2);
  });

  it("does not treat a forgotten sequence as new, however many sequences there are", () => {
    const log = new SequenceLog();
    for (let step = 0; step < 3_000; step++) log.note(`${step}`, step);
    for (let step = 0; step < 3_000; step++) expect(log.last(`${step}`)).toBeGreaterThanOrEqual(step);
    expect(log.last("new")).toBeLessThan(3_000);
    expect(log.end("0")).toBe(false);
  });
});
