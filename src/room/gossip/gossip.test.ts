/** A room that outgrows a full mesh and shrinks again: real sessions over a simulated network and clock. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { letters, toyRequest } from "../../inference/testing/toy-provider";
import { FULL_MESH_NODES } from "../constants";
import { FULL_MESH_AGAIN_NODES, LINKS_KEPT, RING_NEIGHBOURS } from "./constants";
import { type SimulatedNode, SimulatedRoom } from "../testing/simulation/room";

// The work grows with the square of the members, so a room is large here with half as many as in life.
vi.mock("../constants", async (original) => ({ ...(await original<object>()), FULL_MESH_NODES: 14 }));
vi.mock("./constants", async (original) => ({
  ...(await original<object>()),
  FULL_MESH_AGAIN_NODES: 12,
  LINKS_WANTED: 6,
  LINKS_KEPT: 8,
}));

const MORE = 4;

let room: SimulatedRoom;
beforeEach(async () => {
  room = await SimulatedRoom.open();
});
afterEach(() => {
  room.close();
});

async function enter(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await room.clock.passWhile(room.enter());
}

const everybody = (): SimulatedNode[] => [...room.nodes];
const allKnowAll = (): boolean => everybody().every(({ session }) => (session.inside?.size ?? 0) === room.nodes.size);
const mostLinks = (): number => Math.max(...everybody().map(({ session }) => session.inside?.links ?? 0));

it("a large room knows all members over bounded links, asks distant ones, survives a death and a cut, and becomes a full mesh again", async () => {
  await enter(FULL_MESH_NODES);
  const full = FULL_MESH_NODES - 1;
  await room.clock.passUntil(() => everybody().every(({ session }) => (session.inside?.links ?? 0) === full), 60_000);

  await enter(MORE);
  await room.clock.passUntil(() => allKnowAll() && mostLinks() <= LINKS_KEPT + 2 * RING_NEIGHBOURS, 180_000, 500);
  for (const { session } of everybody()) session.share({ maxJobs: 1, models: new Set(["toy"]) }, false);
  const asker = everybody()[0]!;
  const distant = () => asker.session.peers.find((peer) => !peer.linked && peer.models().length > 0);
  await room.clock.passUntil(() => distant() !== undefined, 60_000);
  const peer = distant()!;
  expect(await room.clock.passWhile(answerOf(peer))).toBe(letters(5));

  room.crash(everybody()[7]!);
  await room.clock.passUntil(allKnowAll, 120_000, 500);

  for (const [i, { host }] of everybody().entries()) host.side = i % 2;
  const half = Math.ceil(room.nodes.size / 2);
  await room.clock.passUntil(
    () => everybody().every(({ session }) => (session.inside?.size ?? 0) <= half),
    180_000,
    500,
  );
  for (const { host } of everybody()) host.side = 0;
  await room.clock.passUntil(allKnowAll, 180_000, 500);

  const few = FULL_MESH_AGAIN_NODES - 2;
  for (const node of everybody().slice(few)) room.leave(node);
  await room.clock.passUntil(
    () => everybody().every(({ session }) => (session.inside?.links ?? 0) === few - 1),
    180_000,
    500,
  );
  expect(allKnowAll()).toBe(true);
});

async function answerOf(peer: SimulatedNode["session"]["peers"][number]): Promise<string> {
  let text = "";
  const signal = new AbortController().signal;
  for await (const event of peer.generate(toyRequest(5), { signal })) if (event.type === "token") text += event.text;
  return text;
}
