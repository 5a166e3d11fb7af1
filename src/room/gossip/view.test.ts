/** A full view of the room, and a member that fills it with keys of its own. */
import { expect, it } from "vitest";
import type { Did } from "../../core";
import { MAX_NODES } from "../constants";
import type { Card, Statement } from "./statements";
import { View } from "./view";

const STATEMENT = { kind: "card" } as Statement;

/** Puts cards of made-up nodes into a view; no signatures, since views do not look at them. */
function filled({ linked = [] as readonly Did[] } = {}) {
  const spared: Did[] = [];
  const isLinked = (did: Did): boolean => linked.includes(did);
  const view = new View({ isLinked, forgotten: (did) => spared.push(did) });
  const add = (name: string, branch: string): boolean => {
    const card = { did: name as Did, stamp: 1 } as Card;
    const standing = { founder: false, house: undefined, admittedBy: [], branch: branch as Did, until: Infinity };
    return view.addCard(card, STATEMENT, standing);
  };
  return { view, spared, add };
}

const name = (i: number): string => `made-up ${String(i).padStart(4, "0")}`;

it("takes a newcomer of another branch in place of one of the largest branch, the same one at each node", () => {
  const views = [filled(), filled()];
  for (const { add } of views) for (let i = 0; i < MAX_NODES - 1; i++) expect(add(name(i), "attacker")).toBe(true);
  for (const { view, spared, add } of views) {
    expect(add("another", "attacker")).toBe(false);
    expect(add("newcomer", "newcomer")).toBe(true);
    expect(spared).toEqual([name(MAX_NODES - 2)]);
    expect(view.entries.size).toBe(MAX_NODES - 1);
    expect(view.entries.has("newcomer" as Did)).toBe(true);
  }
  expect(views[0]!.view.sums(undefined)).toEqual(views[1]!.view.sums(undefined));
});

it("divides its places equally between branches that want more, and never gives way a second time", () => {
  const { view, spared, add } = filled();
  for (let i = 0; i < MAX_NODES; i++) add(`a${name(i)}`, "a");
  for (let i = 0; i < MAX_NODES; i++) add(`b${name(i)}`, "b");
  for (let i = 0; i < MAX_NODES; i++) add(`a again${name(i)}`, "a");
  const ofA = [...view.entries.values()].filter(({ standing }) => standing.branch === "a").length;
  expect(ofA).toBe(MAX_NODES / 2);
  expect(spared.length).toBe(MAX_NODES / 2 - 1);
});

it("forgets no member that is linked to this node", () => {
  const linked = Array.from({ length: MAX_NODES - 1 }, (_, i) => name(i) as Did);
  const { view, spared, add } = filled({ linked });
  for (const did of linked) add(did, "attacker");
  expect(add("newcomer", "newcomer")).toBe(false);
  expect([view.entries.size, spared]).toEqual([MAX_NODES - 1, []]);
});

it("counts a member in the branch that it has now", () => {
  const { view, add } = filled();
  for (let i = 0; i < MAX_NODES - 1; i++) add(name(i), "attacker");
  const newcomer = { founder: false, house: undefined, admittedBy: [], branch: "newcomer" as Did, until: Infinity };
  expect(view.hasPlaceFor(newcomer)).toBe(true);
  for (const [did, entry] of [...view.entries]) view.setStanding(did, entry, { ...entry.standing, branch: did });
  expect(view.hasPlaceFor(newcomer)).toBe(false);
});
