/** A stage's browser is killed in the middle of an answer: how long until the answer goes on. */
import type { Group } from "../group";
import type { Line } from "../line";
import { type Member, PipelineRoom, stageReading } from "../pipeline-room";
import { STORY } from "../pipeline-texts";
import { pairedRatio, spread } from "../statistics";

const ROUNDS = 10;
const STAGES = 2;
/** Tokens of the answer that are there when a stage is killed. */
const KILL_AT = 30;

const REPAIR =
  "From the moment in which the consumer's page learns that a link is gone to the next token in it. Two stages of three " +
  "layers, each in a browser of its own, are killed in turn (SIGKILL) after 30 tokens; a third page takes over, which has " +
  "held no stage yet. The 5 s of silence before, after which a link counts as lost, are not in it.";
const PARTS =
  "Loading: as the page that takes over measured it, its engine's start included. Replay: the tokens that were given again, " +
  "computed once more by the same stage afterwards, alone, all steps at once, without the room.";

/** One repair, ms. */
interface Repair {
  readonly tokenMs: number;
  readonly loadMs: number;
  readonly replayMs: number;
  readonly steps: number;
  /** From noticing the loss until the stage was said to be in memory. */
  readonly readyMs: number;
}

export const pipelineRepair: Group = async ({ stage, times, say }) => {
  const room = await PipelineRoom.open(stage, { ownProcess: true });
  try {
    let members: Member[] = [];
    const repairs: Repair[] = [];
    const rounds = times(ROUNDS);
    for (let round = 0; round < rounds; round++) {
      while (members.length <= STAGES) members.push(await room.add(members));
      const place = round % STAGES;
      repairs.push(await repair(room, members, place));
      members = members.filter((_, index) => index !== place);
      say(`${round + 1} of ${rounds} repairs are measured`);
    }
    return linesOf(repairs);
  } finally {
    await room.close();
  }
};

async function repair(room: PipelineRoom, members: readonly Member[], place: number): Promise<Repair> {
  const [ring, spare] = [members.slice(0, STAGES), members[STAGES]!];
  await room.form(ring, { spares: [spare] });
  await room.reset(members);
  const answering = room.ask(STORY, "plain");
  await room.hasTokens(KILL_AT);
  await ring[place]!.kill();
  const { times } = await answering;
  const { lostAt, lostTokens, readyAt } = await room.ring();
  const next = lostAt === undefined ? undefined : times.find((at) => at > lostAt);
  if (lostAt === undefined || readyAt === undefined || next === undefined)
    throw new Error("The answer was over before its stage was killed.");
  const { loadMs } = await stageReading(spare);
  const replay = await spare.page.evaluate((tokens) => window.pipeline.meter.replay(tokens), lostTokens);
  await room.dissolve();
  return { tokenMs: next - lostAt, loadMs, replayMs: replay.ms, steps: replay.steps, readyMs: readyAt - lostAt };
}

function linesOf(repairs: readonly Repair[]): Line[] {
  const all = (of: (repair: Repair) => number): readonly number[] => repairs.map(of);
  const tokenMs = all((each) => each.tokenMs);
  const ownMs = all(({ loadMs, replayMs }) => loadMs + replayMs);
  const afterMs = all((each) => each.tokenMs - each.readyMs);
  const replayMs = all((each) => each.replayMs);
  const steps = spread(all((each) => each.steps)).median;
  return [
    {
      name: "repair: from noticing the loss to the next token",
      unit: "ms",
      measured: spread(tokenMs),
      other: { name: "loading and replay alone", unit: "ms", value: spread(ownMs) },
      ratio: pairedRatio(tokenMs, ownMs),
      target: { of: "ratio", at: "most", value: 1.5 },
      notes: [REPAIR, PARTS],
    },
    {
      name: "… of it until the new stage is in memory",
      unit: "ms",
      measured: spread(all((each) => each.readyMs)),
      other: { name: "loading alone", unit: "ms", value: spread(all((each) => each.loadMs)) },
    },
    {
      name: "… of it from then on",
      unit: "ms",
      measured: spread(afterMs),
      other: { name: "replay alone", unit: "ms", value: spread(replayMs) },
      notes: [`${steps} steps are replayed; the rest is the way of the last one around the ring.`],
    },
  ];
}
