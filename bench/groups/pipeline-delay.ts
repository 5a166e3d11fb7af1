/** The guide model over 1 to 4 pages that are far from each other: real packets through a delaying relay and coturn. */
import type { RingReading } from "../../e2e/pipeline-page/meter";
import { TurnNetwork, type NetworkPath } from "../../e2e/harness/turn";
import { ensureCoturn } from "../../scripts/setup/coturn.mjs";
import type { Group } from "../group";
import type { Line } from "../line";
import { type Member, PipelineRoom, type Way, msPerToken, stageReading } from "../pipeline-room";
import { HALF_REPEATED, REPEATED, SHORT, STORY } from "../pipeline-texts";
import { type RingTimes, boundOf, hopsMs, stagesMs } from "../ring-bound";
import { type Spread, pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";

const ROUNDS = 9;
const DELAYS_MS = [5, 20, 50];
const STAGES = [1, 2, 3, 4];
/** The ring for measuring several answers at once, and texts that repeat less. */
const SHARED = { stages: 3, delayMs: 20, answers: 4 };
/** The largest hidden state of one token that the guide has: two tensors of 256 numbers in 32 bits. */
const HIDDEN_BYTES = 2 * 256 * 4;
/** Size of the probe that the planner sends over each link. It also opens the link's congestion window. */
const PLANNERS_PROBE_BYTES = 128 * 2 ** 10;
/** Most tokens in a step that checks guesses. */
const GUESS_TOKENS = 9;
/** Round trips of each hop before the rounds. */
const FIRST_PROBES = 5;

const NETWORK =
  "Real packets: every page reaches the others through coturn alone (relay-only ICE), and coturn through a UDP relay that " +
  "holds each packet back. A hop passes two such relays, so each of them holds back half of the delay that the line names.";
const MEASURED =
  "Measured bound: 1 / (stages + ends + hops). Stages: what they said of themselves when they were loaded. Ends: a token in " +
  "one piece, at its fastest, less what one stage with all layers said; at most the time between two trips. Hops: half the " +
  "median round trip of a probe, on the same channel of the same links, before and between the answers; a probe is as large " +
  "as a hidden state of one token, its echo is empty.";
const COMPUTED = "Computed bound: the same with the delays as they were set in the place of the hops as measured.";
const GUESSED =
  "At most 8 tokens are guessed ahead, from the prompt and the answer so far. Both ways in turns, same text.";

/** The measurements of one ring: a number of stages at one delay. */
interface Ring {
  readonly count: number;
  readonly delayMs: number;
  readonly plainMs: readonly number[];
  readonly guessingMs: readonly number[];
  readonly times: RingTimes;
  /** Explains how the time of a token was spent, and how many guesses were right. */
  readonly account: string;
}

/** Times of both ways (plain and guessing) as the pages measured them, ms. */
interface Seen {
  readonly plain: RingReading["trips"][number][];
  readonly guessing: RingReading["trips"][number][];
  readonly endsMs: number[];
  /** All stages of a ring together. */
  readonly stagesMs: number[];
}

export const pipelineDelay: Group = async ({ stage, times, say }) => {
  await ensureCoturn();
  const network = await TurnNetwork.start();
  const paths: NetworkPath[] = [];
  const rtc = async (): Promise<RTCConfiguration> => {
    const path = await network.connect();
    paths.push(path);
    return path.config as RTCConfiguration;
  };
  let room: PipelineRoom | undefined;
  try {
    room = await PipelineRoom.open(stage, { rtc });
    const members: Member[] = [];
    for (const _ of STAGES) members.push(await room.add(members));
    await room.loadWhole();
    const endsMs = await measureEnds(room, members[0]!, times(ROUNDS));
    const lines: Line[] = [];
    for (const delayMs of DELAYS_MS) {
      for (const path of paths) path.set({ delayMs: delayMs / 2 });
      const hops: number[] = [];
      const rings: Line[] = [];
      for (const count of STAGES) {
        const ring = members.slice(0, count);
        await room.form(ring);
        const measured = await measureRing(room, ring, { delayMs, endsMs, rounds: times(ROUNDS), hops });
        rings.push(...linesOf(measured));
        if (delayMs === SHARED.delayMs && count === SHARED.stages) rings.push(...(await others(room, times(ROUNDS))));
        await room.dissolve();
        say(`${count} of ${STAGES.length} stages at ${delayMs} ms are measured`);
      }
      lines.push(hopLine(delayMs, hops), ...rings);
    }
    return lines;
  } finally {
    await room?.close();
    await network.close();
  }
};

/** Time of embedding and head, ms: a token's time in the whole model, less the time of its layers. */
async function measureEnds(room: PipelineRoom, member: Member, rounds: number): Promise<number> {
  await room.form([member]);
  const layersMs = stagesMs(await room.ring(), [member.did]);
  await room.dissolve();
  const whole: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const ms = msPerToken(await room.ask(STORY, "whole"));
    if (round >= 0) whole.push(ms);
  }
  return Math.max(0, Math.min(...whole) - layersMs);
}

async function measureRing(
  room: PipelineRoom,
  ring: readonly Member[],
  options: { readonly delayMs: number; readonly endsMs: number; readonly rounds: number; readonly hops: number[] },
): Promise<Ring> {
  const { delayMs, endsMs, rounds, hops } = options;
  const trips: (readonly number[])[] = [];
  const probe = async (): Promise<void> => {
    const row = await room.probeHops(ring, HIDDEN_BYTES);
    trips.push(row);
    hops.push(...row.map((ms) => ms / 2));
  };
  await room.ask(SHORT, "plain");
  await room.probeHops(ring, PLANNERS_PROBE_BYTES);
  for (let index = 0; index < FIRST_PROBES; index++) await probe();
  const seen: Seen = { plain: [], guessing: [], endsMs: [], stagesMs: [] };
  const plain = async (): Promise<number> => {
    await room.reset(ring);
    const ms = msPerToken(await room.ask(REPEATED, "plain"));
    const { trips: taken, endsMs: gaps } = await room.ring();
    seen.plain.push(...taken);
    seen.endsMs.push(...gaps);
    const stages = await Promise.all(ring.map(stageReading));
    seen.stagesMs.push(stages.reduce((sum, { forwardMs }) => sum + spread(forwardMs).median, 0));
    await probe();
    return ms;
  };
  const guessing = async (): Promise<number> => {
    await room.reset(ring);
    const ms = msPerToken(await room.ask(REPEATED, "guide"));
    seen.guessing.push(...(await room.ring()).trips);
    await probe();
    return ms;
  };
  const { a, b } = await inTurns(rounds, plain, guessing, { warm: true });
  const reading = await room.ring();
  const dids = ring.map(({ did }) => did);
  const known: RingTimes = {
    stagesMs: stagesMs(reading, dids),
    // The time between two trips includes this computing, so it is an upper bound.
    endsMs: Math.min(endsMs, spread(seen.endsMs).median),
    hopsMs: hopsMs(trips),
  };
  return { count: ring.length, delayMs, plainMs: a, guessingMs: b, times: known, account: accountOf(known, seen) };
}

/** Explains in words how the time of a token is spent. */
function accountOf(known: RingTimes, { plain, guessing, endsMs, stagesMs: pages }: Seen): string {
  const trip = tripMs(plain, 1);
  // Longer steps are those of the prompt, several of which are under way at once.
  const most = Math.max(...guessing.map(({ tokens }) => tokens).filter((tokens) => tokens <= GUESS_TOKENS));
  const inPages = spread(pages).median;
  return (
    `a trip around the ring took ${ms(trip)}: ${ms(inPages)} in the stages' pages (own computing ${ms(known.stagesMs)}, the ` +
    `rest threads), ${ms(trip - inPages)} between them (probes say ${ms(known.hopsMs)}); between two trips ` +
    `${ms(spread(endsMs).median)} at the consumer (own computing ${ms(known.endsMs)}). A trip of ${most} tokens took ` +
    ms(tripMs(guessing, most))
  );
}

function tripMs(trips: RingReading["trips"], tokens: number): number {
  return spread(trips.filter((trip) => trip.tokens === tokens).map((trip) => trip.ms)).median;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function hopLine(delayMs: number, hops: readonly number[]): Line {
  return {
    name: `${delayMs} ms: what one hop really takes`,
    unit: "ms",
    measured: spread(hops),
    other: { name: "set", unit: "ms", value: spread([delayMs]) },
    notes: [NETWORK],
  };
}

function linesOf({ count, delayMs, plainMs, guessingMs, times, account }: Ring): Line[] {
  const name = `${delayMs} ms, ${count} ${count === 1 ? "stage" : "stages"}`;
  const plain = rates(plainMs);
  const against = (bound: number): Pick<Line, "ratio"> => ({
    ratio: spread(plain.samples.map((rate) => rate / bound)),
  });
  const measured = boundOf(times);
  const computed = boundOf({ ...times, hopsMs: delayMs * (count + 1) });
  return [
    {
      name,
      unit: "tokens/s",
      measured: plain,
      other: { name: "measured bound", unit: "tokens/s", value: spread([measured]) },
      ...against(measured),
      target: { of: "ratio", at: "least", value: 0.9 },
      notes: [NETWORK, MEASURED, `${name}: ${account}.`],
    },
    {
      name: `${name}, the same`,
      unit: "tokens/s",
      measured: plain,
      other: { name: "computed bound", unit: "tokens/s", value: spread([computed]) },
      ...against(computed),
      notes: [COMPUTED],
    },
    {
      ...guessingLine(`${name}, guessing, text that repeats`, guessingMs, plainMs),
      ...(delayMs === 20 && { target: { of: "ratio", at: "least", value: 1.6 } }),
    },
  ];
}

function guessingLine(name: string, guessingMs: readonly number[], plainMs: readonly number[]): Line {
  return {
    name,
    unit: "tokens/s",
    measured: rates(guessingMs),
    other: { name: "not guessing", unit: "tokens/s", value: rates(plainMs) },
    ratio: pairedRatio(plainMs, guessingMs),
    notes: [GUESSED],
  };
}

/** Texts that repeat less, and several answers at once. */
async function others(room: PipelineRoom, rounds: number): Promise<Line[]> {
  const name = `${SHARED.delayMs} ms, ${SHARED.stages} stages`;
  const lines: Line[] = [];
  for (const [what, messages] of [
    ["half of which repeats", HALF_REPEATED],
    ["that hardly repeats", STORY],
  ] as const) {
    const by = (way: Way) => async (): Promise<number> => msPerToken(await room.ask(messages, way));
    const { a, b } = await inTurns(Math.ceil(rounds / 3), by("guide"), by("plain"), { warm: true });
    lines.push(guessingLine(`${name}, guessing, text ${what}`, a, b));
  }
  const { a, b } = await inTurns(
    rounds,
    () => room.together(REPEATED, SHARED.answers),
    () => room.together(REPEATED, 1),
    { warm: true },
  );
  lines.push({
    name: `${name}, ${SHARED.answers} answers at once`,
    unit: "tokens/s",
    measured: spread(a),
    other: { name: "one", unit: "tokens/s", value: spread(b) },
    ratio: pairedRatio(a, b),
    target: { of: "ratio", at: "least", value: 2.2 },
    notes: [NETWORK, "Prompts are counted too. Nothing is guessed. The pages share two cores."],
  });
  return lines;
}

function rates(ms: readonly number[]): Spread {
  return spread(ms.map((each) => 1000 / each));
}
