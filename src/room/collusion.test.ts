/** Members that collude at the slots of a room, in every way at once: newcomers come in past them, and the room stays found. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { dayOf, slotIds } from "./signaling/slots";
import { Colluder, type Gang, TRICKS } from "./testing/simulation/colluder";
import { type SimulatedNode, SimulatedRoom } from "./testing/simulation/room";

const NODES = 14;
const COLLUDERS = 4;
const ENTER_EVERY_MS = 300;
const SETTLE_MS = 10_000;
const NEWCOMER_LIMIT_MS = 60_000;

let room: SimulatedRoom;
let colluders: Colluder[];
beforeEach(async () => {
  room = await SimulatedRoom.open(7);
  colluders = [];
});
afterEach(() => {
  for (const each of colluders) each.stop();
  room.close();
});

async function filled(): Promise<SimulatedNode[]> {
  for (let i = 0; i < NODES; i++) {
    void room.enter();
    await room.clock.pass(ENTER_EVERY_MS);
  }
  await room.clock.pass(SETTLE_MS);
  return [...room.nodes];
}

it("one honest holder of a slot lets newcomers in past all other holders, whatever these do, and goes on holding its own slot", async () => {
  const nodes = await filled();
  const { epochs } = nodes[0]!.session.requireInside().membership;
  const slots = await slotIds((await epochs.rendezvousSecrets())[0], dayOf(Date.now()));
  const holders = () => slots.map((id) => room.network.holder(id));
  const gang: Gang = { network: room.network, members: new Map(), cards: [], keys: 2 };
  const turned = nodes.filter(({ host }) => !holders().includes(host)).slice(-COLLUDERS);
  for (const [i, node] of turned.entries()) {
    colluders.push(new Colluder(node, gang, i));
    room.leave(node);
  }
  await room.clock.passWhile(Promise.all(colluders.map((each) => each.start())));
  // All but the last honest holder leave, and colluders take their slots.
  const squat = async (): Promise<void> => {
    for (const [i, id] of slots.entries()) await room.clock.passWhile(colluders[i % COLLUDERS]!.squat([id], () => 0));
  };
  await squat();
  const honest = nodes.filter(({ host }) => holders().includes(host) && !turned.some((node) => node.host === host));
  for (const node of honest.slice(0, -1)) {
    room.leave(node);
    await squat();
  }
  const last = honest.at(-1)!;
  expect(holders().filter((host) => host === last.host)).toHaveLength(1);

  const isIn = ({ session, signer }: SimulatedNode): boolean =>
    session.inside?.knows(last.signer.did) === true && last.session.requireInside().knows(signer.did);
  const outcomes: string[] = [];
  for (const trick of TRICKS) {
    gang.trick = trick;
    const newcomer = await room.clock.passWhile(room.enter());
    await room.clock.passUntil(() => isIn(newcomer), NEWCOMER_LIMIT_MS, 500).catch(() => undefined);
    const { out, session } = newcomer;
    outcomes.push(`${trick}: ${isIn(newcomer) ? "in" : (out.reason ?? session.phase)}`);
  }
  expect(outcomes).toEqual(TRICKS.map((trick) => `${trick}: in`));
  // It has met holders of other slots from several branches by now, and goes on holding its own.
  await room.clock.pass(60_000);
  expect(holders()).toContain(last.host);
});
