/** A link has limits in bytes and in time, at once and each second, whatever its frames are. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LinkBudget } from "./link-budget";

const MIB = 2 ** 20;
const NOTHING = (): void => undefined;
let now = 0;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** Work that holds the thread for `ms`. */
const taking = (ms: number) => (): void => void (now += ms);

describe("the budget of a link", () => {
  it("refuses bytes beyond it before anything is done with them, and gives them back with time", () => {
    const budget = new LinkBudget(now);
    for (let sent = 0; sent < 512; sent++) budget.spend(MIB, NOTHING);
    const work = vi.fn();
    expect(() => budget.spend(MIB, work)).toThrow("more bytes than one device may send");
    expect(work).not.toHaveBeenCalled();
    now += 1_000;
    for (let sent = 0; sent < 255; sent++) budget.spend(MIB, NOTHING);
    expect(() => budget.spend(MIB, work)).toThrow("more bytes");
  });

  it("ends a peer whose messages hold the thread for too long, however few and small they are", () => {
    const budget = new LinkBudget(now);
    for (let sent = 0; sent < 10; sent++) budget.spend(1, taking(900));
    budget.spend(1, taking(900));
    expect(() => {
      for (let sent = 0; sent < 10; sent++) budget.spend(1, taking(900));
    }).toThrow("more than this device has time to read");
  });

  it("lets a peer go on that takes a quarter of the time", () => {
    const budget = new LinkBudget(now);
    for (let sent = 0; sent < 10_000; sent++) {
      budget.spend(1, taking(250));
      now += 750;
    }
  });

  it("leaves out the time for what this device has asked for", () => {
    const budget = new LinkBudget(now);
    for (let sent = 0; sent < 100; sent++) {
      budget.spend(1, () => {
        budget.waive();
        now += 900;
      });
    }
    expect(() => {
      for (let sent = 0; sent < 100; sent++) budget.spend(1, taking(900));
    }).toThrow("time to read");
  });
});
