/** The sides of a room that colluders attack: newcomers that want to come in, and members that want answers. */
import type { Did } from "../../src/core";
import { toyRequest } from "../../src/inference/testing/toy-provider";
import { Experience, answer } from "../../src/node/routing";
import type { SimulatedNode, SimulatedRoom } from "../../src/room/testing/simulation/room";

const NEWCOMERS = 20;
const NEWCOMER_EVERY_MS = 2_000;
const NEWCOMER_LIMIT_MS = 180_000;
const JOBS = 30;
const JOB_TOKENS = 40;
const JOB_EVERY_MS = 500;
const JOB_LIMIT_MS = 15 * 60_000;
/** A newcomer is in once it knows this share of the honest members, and is known to it, and is linked to one of them. */
const KNOWN_SHARE = 0.9;

/** The outcome for newcomers. Times are simulated. */
export interface NewcomerFigures {
  readonly newcomers: number;
  readonly cameIn: number;
  readonly joinMs: readonly number[];
}

/** The outcome for jobs of honest members. Times are simulated. */
export interface JobFigures {
  readonly jobs: number;
  readonly lost: number;
  /** Jobs that ended with nonsense of a colluder, which nobody can tell from an answer. */
  readonly misled: number;
  readonly jobMs: readonly number[];
  readonly attempts: readonly number[];
}

/** Lets newcomers open the invite, one after another, and watches them. */
export async function letNewcomersIn(room: SimulatedRoom, say: (text: string) => void): Promise<NewcomerFigures> {
  const { clock } = room;
  const before = [...room.nodes];
  const dids: readonly Did[] = before.map(({ signer }) => signer.did);
  const arrived: SimulatedNode[] = [];
  for (let i = 0; i < NEWCOMERS; i++) {
    setTimeout(() => void room.enter().then((node) => arrived.push(node)), i * NEWCOMER_EVERY_MS);
  }
  const joinMs = new Map<SimulatedNode, number>();
  const isIn = (node: SimulatedNode): boolean => {
    const { inside } = node.session;
    if (!inside?.peers.some((peer) => peer.linked && dids.includes(peer.id))) return false;
    const known = dids.filter((did) => inside.knows(did)).length;
    const knowing = before.filter(({ session }) => session.inside?.knows(node.signer.did)).length;
    return Math.min(known, knowing) >= KNOWN_SHARE * dids.length;
  };
  const look = (): boolean => {
    for (const node of arrived) if (!joinMs.has(node) && isIn(node)) joinMs.set(node, clock.now - node.enteredAt);
    return joinMs.size === NEWCOMERS;
  };
  await clock.passUntil(look, NEWCOMER_LIMIT_MS, 500).catch(() => undefined);
  for (const { out, session } of arrived.filter((node) => !joinMs.has(node))) {
    const { links = 0, size = 0 } = session.inside ?? {};
    say(`a newcomer did not come in: ${out.reason ?? session.phase}, ${links} links, knows ${size} nodes`);
  }
  return { newcomers: NEWCOMERS, cameIn: joinMs.size, joinMs: [...joinMs.values()] };
}

/** Lets members ask the room, each with no experience of the others. */
export async function askForAnswers(
  room: SimulatedRoom,
  random: () => number,
  say: (text: string) => void,
): Promise<JobFigures> {
  const inside = [...room.nodes].filter(({ session }) => session.inside);
  const askers = inside.sort(() => random() - 0.5).slice(0, JOBS);
  let misled = 0;
  const jobMs: number[] = [];
  const attempts: number[] = [];
  const ask = async (node: SimulatedNode, waitMs: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const askedAt = room.clock.now;
    const answerer = {
      providers: () => node.session.peers,
      policy: () => ({ privacy: "room", prefer: "speed" }) as const,
      expectedTokens: () => JOB_TOKENS,
      experience: new Experience(),
      mayRecover: () => false,
    };
    const asked = { generation: toyRequest(JOB_TOKENS), provider: "room" };
    try {
      let text = "";
      for await (const event of answer(asked, answerer, new AbortController().signal)) {
        if (event.type === "token") text += event.text;
        if (event.type === "done") attempts.push(event.summary.attempts);
      }
      if (text.includes("nonsense")) misled++;
      jobMs.push(room.clock.now - askedAt);
    } catch (error) {
      say(`a job was lost: ${String(error)}`);
    }
  };
  const asking = askers.map((node, i) => ask(node, i * JOB_EVERY_MS));
  await room.clock.passWhile(Promise.all(asking), JOB_LIMIT_MS).catch(() => undefined);
  return { jobs: askers.length, lost: askers.length - jobMs.length, misled, jobMs, attempts };
}
