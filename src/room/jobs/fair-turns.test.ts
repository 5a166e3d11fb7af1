import { describe, expect, it } from "vitest";
import type { Did } from "../../core";
import { jobToGiveBack, nextJob, placeFor } from "./fair-turns";

/** Jobs as `branch/peer`, such as `a/a1`. */
const jobs = (...names: string[]) =>
  names.map((name) => {
    const [branch, did] = name.split("/") as [Did, Did];
    return { name, branch, did };
  });
const nameOf = (job: { readonly name: string } | undefined): string | undefined => job?.name;

describe("the next job", () => {
  it("is that of the branch that runs fewest, however many peers another branch has", () => {
    const running = jobs("a/a1", "b/b1", "b/b2");
    expect(nameOf(nextJob(jobs("b/b3", "b/b4", "a/a1"), running))).toBe("a/a1");
    expect(nameOf(nextJob(jobs("b/b3", "a/a1", "c/c1"), running))).toBe("c/c1");
  });

  it("is that of the peer that runs fewest within a branch, and of equals the first", () => {
    expect(nameOf(nextJob(jobs("a/a1", "a/a2", "a/a3"), jobs("a/a1")))).toBe("a/a2");
    expect(nextJob([], jobs("a/a1"))).toBeUndefined();
  });
});

describe("the job to give back", () => {
  it("is the newest of a branch that runs two more than the one that waits", () => {
    expect(nameOf(jobToGiveBack(jobs("a/a1"), jobs("b/b1", "b/b2")))).toBe("b/b2");
    expect(nameOf(jobToGiveBack(jobs("b/b3", "a/a1"), jobs("b/b1", "b/b2")))).toBe("b/b2");
  });

  it("is that of a peer that runs several where another one of its branch runs none", () => {
    expect(nameOf(jobToGiveBack(jobs("a/a2"), jobs("a/a1", "a/a1")))).toBe("a/a1");
  });

  it("does not exist where everybody has a share already", () => {
    expect(jobToGiveBack(jobs("a/a1"), jobs("b/b1", "c/c1"))).toBeUndefined();
    expect(jobToGiveBack(jobs("a/a2"), jobs("a/a1", "b/b1", "b/b2"))).toBeUndefined();
    expect(jobToGiveBack(jobs("a/a1"), jobs("a/a1", "a/a1"))).toBeUndefined();
  });
});

describe("a place in a full queue", () => {
  it("is taken from the largest branch, the newest first", () => {
    const waiting = jobs("b/b1", "b/b2", "b/b3", "c/c1");
    expect(nameOf(placeFor(waiting, "a" as Did))).toBe("b/b3");
    expect(nameOf(placeFor(waiting, "c" as Did))).toBe("b/b3");
    expect(placeFor(waiting, "b" as Did)).toBeUndefined();
  });

  it("is not taken where the branch would then have as many", () => {
    expect(placeFor(jobs("b/b1", "c/c1"), "a" as Did)).toBeUndefined();
    expect(placeFor(jobs("b/b1", "b/b2", "c/c1"), "c" as Did)).toBeUndefined();
  });
});
