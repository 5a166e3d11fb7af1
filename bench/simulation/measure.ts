/** Measures one simulated room: joining, idle and busy traffic, deaths, and a network that is cut in two. */
import { type SimulatedNode, SimulatedRoom } from "../../src/room/testing/simulation/room";
import { total } from "../../src/room/testing/simulation/census";

/** Time between two nodes that join. */
const ENTER_EVERY_MS = 100;
/** A node has joined when it knows at least this share of the nodes that were there before. */
const KNOWN_SHARE = 0.95;
const STEP_MS = 50;
const SETTLE_MS = 60_000;
const IDLE_MS = 60_000;
const BUSY_MS = 20_000;
const DEATHS = 3;
const CUT_MS = 60_000;
/** Largest room for a network cut. A cut is the loss of half the room at each node, too slow to simulate in larger rooms. */
const LARGEST_CUT = 100;
const LIMIT_MS = 10 * 60_000;

/** The measurements; each list has one sample for each node or each event. All times are simulated, in ms. */
export interface RoomFigures {
  readonly nodes: number;
  readonly joinMs: readonly number[];
  readonly links: readonly number[];
  /** Sent by each node: all kinds of frames, without the overhead of WebRTC. */
  readonly idleBytesPerSecond: readonly number[];
  readonly idleFramesPerSecond: readonly number[];
  readonly busyBytesPerSecond: readonly number[];
  readonly busyFramesPerSecond: readonly number[];
  /** From a crash until the first node has dropped the dead one, and (`deathKnownMs`) until the last one has. */
  readonly deathFirstMs: readonly number[];
  readonly deathKnownMs: readonly number[];
  /** From the end of a network cut until all nodes know each other again; undefined if there was no cut. */
  readonly mergeMs: number | undefined;
  /** Heap of the whole simulation, divided by the number of nodes. */
  readonly bytesPerNode: number;
}

/** Builds a room of `nodes` nodes and measures it. Throws if an expected state is not reached in time. */
export async function measureRoom(nodes: number, say: (text: string) => void): Promise<RoomFigures> {
  const room = await SimulatedRoom.open();
  try {
    const joinMs = await fill(room, nodes, say);
    await room.clock.pass(SETTLE_MS);
    await converged(room);
    const links = [...room.nodes].map(({ session }) => session.inside?.links ?? 0);
    const idle = await observe(room, IDLE_MS);
    const bytesPerNode = process.memoryUsage().heapUsed / nodes;
    say(`${nodes} nodes: idle traffic is counted`);
    const busy = await whileBusy(room, () => observe(room, BUSY_MS));
    say(`${nodes} nodes: busy traffic is counted`);
    const deaths: { first: number; last: number }[] = [];
    for (let i = 0; i < DEATHS; i++) deaths.push(await death(room));
    say(`${nodes} nodes: ${DEATHS} deaths are known`);
    const mergeMs = nodes <= LARGEST_CUT ? await cut(room) : undefined;
    return {
      nodes,
      joinMs,
      links,
      idleBytesPerSecond: idle.bytes,
      idleFramesPerSecond: idle.frames,
      busyBytesPerSecond: busy.bytes,
      busyFramesPerSecond: busy.frames,
      deathFirstMs: deaths.map(({ first }) => first),
      deathKnownMs: deaths.map(({ last }) => last),
      mergeMs,
      bytesPerNode,
    };
  } finally {
    room.close();
  }
}

/** Lets one node after another open the invite. Returns the time that each needed, in the order of success. */
async function fill(room: SimulatedRoom, nodes: number, say: (text: string) => void): Promise<number[]> {
  const joinMs: number[] = [];
  const waiting = new Map<SimulatedNode, number>();
  const entering = new Set<Promise<unknown>>();
  const look = (): void => {
    for (const [node, wanted] of waiting) {
      if (!node.session.inside?.links || node.session.inside.size < wanted) continue;
      waiting.delete(node);
      joinMs.push(room.clock.now - node.enteredAt);
    }
  };
  await room.clock.passWhile(room.enter());
  for (let i = 1; i < nodes; i++) {
    const wanted = Math.max(2, KNOWN_SHARE * room.nodes.size);
    const entered = room.enter().then((node) => waiting.set(node, wanted));
    entering.add(entered);
    for (let ms = 0; ms < ENTER_EVERY_MS; ms += STEP_MS) {
      await room.clock.pass(STEP_MS);
      look();
    }
    if (i % 100 === 0) say(`${i} of ${nodes} nodes have come`);
  }
  await room.clock.passWhile(Promise.all(entering));
  await room.clock.passUntil(() => (look(), waiting.size === 0), LIMIT_MS, STEP_MS);
  return joinMs;
}

async function converged(room: SimulatedRoom): Promise<void> {
  const nodes = [...room.nodes];
  await room.clock.passUntil(() => nodes.every(({ session }) => session.inside?.size === nodes.length), LIMIT_MS, 500);
}

/** Bytes and frames that each node sends per second, counted over `ms`. */
async function observe(room: SimulatedRoom, ms: number): Promise<{ bytes: number[]; frames: number[] }> {
  for (const { host } of room.nodes) host.census.take();
  await room.clock.pass(ms);
  const sums = [...room.nodes].map(({ host }) => total(host.census.take()));
  const perSecond = (count: number): number => (1000 * count) / ms;
  return { bytes: sums.map(({ bytes }) => perSecond(bytes)), frames: sums.map(({ frames }) => perSecond(frames)) };
}

/** Runs `observed` while every node begins or ends an answer for its own user every few seconds. */
async function whileBusy<T>(room: SimulatedRoom, observed: () => Promise<T>): Promise<T> {
  const timers = [...room.nodes].map((node) =>
    setInterval(
      () => {
        node.activity.ownJobs = 1 - node.activity.ownJobs;
        node.session.refresh();
      },
      4_000 + 4_000 * Math.random(),
    ),
  );
  try {
    return await observed();
  } finally {
    for (const timer of timers) clearInterval(timer);
  }
}

/** Crashes a node without a farewell, and times how the others notice. */
async function death(room: SimulatedRoom): Promise<{ first: number; last: number }> {
  const nodes = [...room.nodes];
  const victim = nodes[Math.floor(Math.random() * nodes.length)]!;
  const { did } = victim.signer;
  room.crash(victim);
  const diedAt = room.clock.now;
  const ignorant = new Set(room.nodes);
  let first = Infinity;
  const look = (): boolean => {
    for (const node of ignorant) if (!node.session.inside?.knows(did)) ignorant.delete(node);
    if (ignorant.size < room.nodes.size) first = Math.min(first, room.clock.now - diedAt);
    return ignorant.size === 0;
  };
  await room.clock.passUntil(look, LIMIT_MS, 100);
  return { first, last: room.clock.now - diedAt };
}

/** Half of the nodes cannot reach the other half for a while; gives how long it takes them to find together again. */
async function cut(room: SimulatedRoom): Promise<number> {
  const nodes = [...room.nodes];
  for (const [i, { host }] of nodes.entries()) host.side = i % 2;
  await room.clock.pass(CUT_MS);
  for (const { host } of nodes) host.side = 0;
  const healedAt = room.clock.now;
  await converged(room);
  return room.clock.now - healedAt;
}
