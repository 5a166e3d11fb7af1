/** Members can name any number of nodes that do not exist: they must not keep this node from dialling those that do. */
import { expect, it } from "vitest";
import { type Did, deferred } from "../../core";
import type { RawLink } from "../../wire";
import { CHOSEN_DIALS, FULL_MESH_NODES, MAX_DIALS } from "../constants";
import { Dialler } from "./dialler";

/** A dialler whose lines come up when a test says so; `dialled` has their addresses in order. */
function dialler() {
  const dialled: string[] = [];
  const lines = new Map<string, ReturnType<typeof deferred<RawLink>>>();
  const made = new Dialler({
    wants: () => true,
    dial: (address) => {
      dialled.push(address);
      const line = deferred<RawLink>();
      lines.set(address, line);
      return line.promise;
    },
    dialThrough: () => Promise.reject(new Error("nobody carries offers here")),
    introduce: () => Promise.resolve(),
    failed: () => undefined,
  });
  const dial = (name: string, teller?: string): void =>
    made.dial(name as Did, { address: name as never, via: undefined, teller: teller as Did | undefined });
  /** Nobody answers at this address. */
  const fail = async (name: string): Promise<void> => {
    lines.get(name)!.reject(new Error("nobody is there"));
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { dial, dialled, fail };
}

it("dials nodes that this one chose at once, however many others have named", async () => {
  const { dial, dialled, fail } = dialler();
  for (let i = 0; i < 2 * FULL_MESH_NODES; i++) dial(`made up ${i}`, "hostile");
  expect(dialled).toHaveLength(MAX_DIALS);
  for (let i = 0; i <= CHOSEN_DIALS; i++) dial(`chosen ${i}`);
  expect(dialled.slice(MAX_DIALS)).toEqual(Array.from({ length: CHOSEN_DIALS }, (_, i) => `chosen ${i}`));
  dial(`chosen ${CHOSEN_DIALS}`, "hostile");
  await fail("made up 0");
  expect(dialled.at(-1)).toBe(`chosen ${CHOSEN_DIALS}`);
});

it("shares its lines between the branches that name nodes, and its places to wait", async () => {
  const { dial, dialled, fail } = dialler();
  for (let i = 0; i < 2 * FULL_MESH_NODES; i++) dial(`made up ${i}`, "hostile");
  // No place is free any more, so the last one of the other branch gives way.
  dial("here", "honest");
  dial("there", "honest");
  await fail("made up 0");
  await fail("made up 1");
  expect(dialled.slice(MAX_DIALS)).toEqual(["here", "there"]);
  for (const name of dialled.slice(2)) await fail(name);
  for (let i = MAX_DIALS; dialled.length > i; i++) await fail(dialled[i]!);
  expect(dialled).toHaveLength(MAX_DIALS + FULL_MESH_NODES);
});

it("leaves all lines to one branch while no other names anybody", () => {
  const { dial, dialled } = dialler();
  for (let i = 0; i < FULL_MESH_NODES; i++) dial(`${i}`, "family");
  expect(dialled).toHaveLength(MAX_DIALS);
});
