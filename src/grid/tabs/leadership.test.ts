/** One tab leads; when it closes, dies or is robbed, another one follows. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeLocks } from "../../border/testing/locks";
import { Leadership, findLeader, holdLeading } from "./leadership";

let locks: FakeLocks;
const opened: Leadership[] = [];

/** A tab with its own view of the locks, and the roles that it was given. */
function tab(name: string) {
  const roles: string[] = [];
  const leadership = new Leadership({
    onLead: (takesOver) => roles.push(takesOver ? "takes over" : "leads"),
    onDemoted: () => roles.push("demoted"),
  });
  opened.push(leadership);
  const be = (): void => void vi.stubGlobal("navigator", { locks: locks.as(name) });
  return { leadership, roles, be };
}

/** A tab that has started. */
async function started(name: string) {
  const made = tab(name);
  made.be();
  return { ...made, role: await made.leadership.start() };
}

beforeEach(() => void (locks = new FakeLocks()));

afterEach(() => {
  for (const leadership of opened.splice(0)) leadership.close();
  vi.unstubAllGlobals();
});

test("the first tab leads, the others wait", async () => {
  const [first, second] = [await started("1"), await started("2")];
  expect([first.role, second.role]).toEqual(["leads", "waits"]);
  expect([first.roles, second.roles]).toEqual([["leads"], []]);
});

test("a waiting tab takes over when the leader closes", async () => {
  const [first, second, third] = [await started("1"), await started("2"), await started("3")];
  first.leadership.close();
  await vi.waitFor(() => expect(second.roles).toEqual(["takes over"]));
  second.leadership.close();
  await vi.waitFor(() => expect(third.roles).toEqual(["takes over"]));
  expect(first.roles).toEqual(["leads"]);
});

test("a waiting tab takes over when the leader dies", async () => {
  const [first, second] = [await started("1"), await started("2")];
  locks.kill();
  await vi.waitFor(() => expect(second.roles).toEqual(["takes over"]));
  expect(first.roles).toEqual(["leads"]);
});

test("a tab that was closed while it waited neither leads nor prevents others from leading", async () => {
  const [first, second, third] = [await started("1"), await started("2"), await started("3")];
  second.leadership.close();
  first.leadership.close();
  await vi.waitFor(() => expect(third.roles).toEqual(["takes over"]));
  second.leadership.steal();
  await new Promise((resolve) => setTimeout(resolve));
  expect([second.roles, third.roles]).toEqual([[], ["takes over"]]);
});

test("a leader that loses its lock learns of it, and waits to lead again", async () => {
  const [first, second] = [await started("1"), await started("2")];
  second.leadership.steal();
  await vi.waitFor(() => expect(first.roles).toEqual(["leads", "demoted"]));
  expect(second.roles).toEqual(["takes over"]);
  second.leadership.close();
  await vi.waitFor(() => expect(first.roles).toEqual(["leads", "demoted", "takes over"]));
});

test("every tab leads if the browser has no locks", async () => {
  vi.stubGlobal("navigator", {});
  const [first, second] = [tab("1"), tab("2")];
  expect([await first.leadership.start(), await second.leadership.start()]).toEqual(["leads", "leads"]);
  expect([first.roles, second.roles]).toEqual([["leads"], ["leads"]]);
  expect(await findLeader()).toBeUndefined();
});

test("the other tabs can find the leader", async () => {
  const one = tab("1");
  const two = tab("2");
  one.be();
  expect(await findLeader()).toBeUndefined();
  await one.leadership.start();
  const release = await holdLeading("id of one");
  two.be();
  // A tab that led before may hold its lock a moment longer.
  const releaseOld = await holdLeading("id of two");
  expect(await findLeader()).toBe("id of one");
  release();
  await vi.waitFor(async () => expect(await findLeader()).toBeUndefined());
  releaseOld();
});
