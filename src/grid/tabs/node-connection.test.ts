/** A tab that loses the node in another tab. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TabBorder, holdLife, serve } from "../../border";
import { FakeLocks } from "../../border/testing/locks";
import type { GridState, NodeOptions } from "../../node";
import { StateStore } from "../../node/state-store";
import { LEADER_SILENCE_MS } from "./attached-node";
import { Leadership, holdLeading, tabLock } from "./leadership";
import { NodeConnection } from "./node-connection";

const store = new StateStore({ role: "leader" } as unknown as GridState);
const closing: { close(): void }[] = [];
let locks: FakeLocks;
let silent: boolean;

/** Lets time pass in small steps, and messages between tabs arrive. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    vi.advanceTimersByTime(100);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  vi.stubGlobal("addEventListener", () => undefined);
  locks = new FakeLocks();
  silent = false;
  vi.stubGlobal("navigator", { locks: locks.as("leader") });
  const border = new TabBorder({ build: "dev" });
  border.accept((_, endpoint) =>
    serve(
      {
        watch: ({ signal }: { signal: AbortSignal }) => store.watch(signal),
        ping: () => (silent ? new Promise(() => undefined) : Promise.resolve()),
      },
      endpoint,
    ),
  );
  const leadership = new Leadership({ onLead: () => undefined, onDemoted: () => undefined });
  await leadership.start();
  await holdLife(tabLock(border.id));
  await holdLeading(border.id);
  closing.push(border, leadership);
});

afterEach(() => {
  for (const each of closing.splice(0)) each.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("does not hand out a node that is silent while it finds out who leads", async () => {
  const ownLocks = locks.as("tab");
  vi.stubGlobal("navigator", { locks: ownLocks });
  const connection = new NodeConnection({} as Omit<NodeOptions, "takesOver">);
  closing.push(connection);
  const starting = connection.start();
  await pass(500);
  expect((await starting).state).toMatchObject({ role: "attached" });

  vi.spyOn(ownLocks, "query").mockReturnValue(new Promise(() => undefined));
  silent = true;
  await pass(LEADER_SILENCE_MS + 2_000);
  let reached = false;
  connection.current().then(
    () => (reached = true),
    () => undefined,
  );
  await pass(100);
  expect(reached).toBe(false);
});
