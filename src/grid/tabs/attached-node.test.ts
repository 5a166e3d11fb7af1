/** A tab that is attached to the node of another one: the state that it sees, and the ways in which it loses that tab. */
import { type Mock, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TabBorder, holdLife, serve } from "../../border";
import { FakeLocks } from "../../border/testing/locks";
import type { GridState, StatePatch } from "../../node";
import { StateStore } from "../../node/state-store";
import { AttachedNode, LEADER_SILENCE_MS } from "./attached-node";
import { tabLock } from "./leadership";

/** A node as other tabs see it. */
class LeadingNode {
  readonly store = new StateStore({ role: "leader", node: { name: "Ada" } } as unknown as GridState);
  awake = true;

  watch({ signal }: { signal: AbortSignal }): AsyncIterable<StatePatch> {
    return this.store.watch(signal);
  }

  ping(): Promise<void> {
    return this.awake ? Promise.resolve() : new Promise(() => undefined);
  }

  readonly rooms = { enter: (): Promise<void> => new Promise(() => undefined) };
}

let locks: FakeLocks;
let leading: { border: TabBorder; node: LeadingNode };
let tab: TabBorder;
let patches: StatePatch[];
let lost: Mock<(why: "dead" | "silent") => void>;

/** Lets time pass in small steps, and everything happen that belongs into it. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    vi.advanceTimersByTime(100);
    // Messages between tabs are delivered by the event loop, whose turns are not faked.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

const attach = (leader = leading.border.id): Promise<AttachedNode> =>
  AttachedNode.attach({ border: tab, leader, onPatch: (patch) => patches.push(patch), onLost: lost });

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  locks = new FakeLocks();
  vi.stubGlobal("navigator", { locks });
  leading = { border: new TabBorder({ build: "1" }), node: new LeadingNode() };
  leading.border.accept((_, endpoint) => serve(leading.node, endpoint));
  await holdLife(tabLock(leading.border.id));
  tab = new TabBorder({ build: "1" });
  patches = [];
  lost = vi.fn();
});

afterEach(() => {
  tab.close();
  leading.border.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("an attached tab", () => {
  it("has the state of the node, with a role of its own, and receives its changes", async () => {
    const node = await attach();
    expect(node.state).toEqual({ role: "attached", node: { name: "Ada" } });
    leading.node.store.patch({ role: "leader", notices: [] });
    await pass(100);
    expect(patches).toEqual([{ role: "attached", notices: [] }]);
    expect(node.state).toMatchObject({ role: "attached", notices: [] });
    node.close();
  });

  it("stays attached to a node that answers", async () => {
    const node = await attach();
    await pass(5 * LEADER_SILENCE_MS);
    expect(lost).not.toHaveBeenCalled();
    node.close();
  });

  it("learns at once that the node's tab is dead, and rejects all pending calls", async () => {
    const node = await attach();
    const waiting = expect(node.api.rooms.enter("room")).rejects.toMatchObject({ code: "leader-lost" });
    await pass(100);
    locks.kill();
    await waiting;
    expect(lost.mock.calls).toEqual([["dead"]]);
    await expect(node.api.ping()).rejects.toMatchObject({ code: "leader-lost" });
  });

  it("learns that the node is silent although its tab is alive", async () => {
    await attach();
    leading.node.awake = false;
    await pass(LEADER_SILENCE_MS - 100);
    expect(lost).not.toHaveBeenCalled();
    await pass(2_000);
    expect(lost.mock.calls).toEqual([["silent"]]);
  });

  it("gives the node time to answer after this tab was suspended", async () => {
    const node = await attach();
    await pass(1_000);
    // Timers stand still while a device sleeps, and the clock does not.
    const now = performance.now() + 60_000;
    vi.spyOn(performance, "now").mockReturnValue(now);
    await pass(1_000);
    expect(lost).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    node.close();
  });

  it("rejects pending calls once it detaches, and receives nothing more", async () => {
    const node = await attach();
    const waiting = expect(node.api.rooms.enter("room")).rejects.toMatchObject({ code: "leader-lost" });
    node.close();
    await waiting;
    leading.node.store.patch({ notices: [] });
    await pass(2 * LEADER_SILENCE_MS);
    expect([patches, lost.mock.calls]).toEqual([[], []]);
  });
});

describe("an attempt to attach", () => {
  it("fails if nothing answers in time", async () => {
    const attached = expect(attach("nobody")).rejects.toMatchObject({ code: "leader-lost" });
    await pass(LEADER_SILENCE_MS);
    await attached;
    expect(lost).not.toHaveBeenCalled();
  });

  it("fails if the other tab runs another build", async () => {
    tab.close();
    tab = new TabBorder({ build: "2" });
    await expect(attach()).rejects.toMatchObject({ code: "build-differs" });
  });
});
