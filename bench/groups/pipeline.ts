/** The guide model over 1 to 4 pages against the same model in one piece, in the same page and run. */
import type { Group } from "../group";
import type { Line } from "../line";
import { type Member, PipelineRoom, msPerToken } from "../pipeline-room";
import { STORY } from "../pipeline-texts";
import { type Spread, pairedRatio, spread } from "../statistics";
import { inTurns } from "../turns";

const ROUNDS = 9;
const STAGES = [1, 2, 3, 4];
/** Stages and answers of the line on several at once. */
const SHARED_STAGES = 3;
const AT_ONCE = [4, 8];

const LOCAL =
  "All pages are on one machine and share its cores; a sequence is computed by one of them at a time. The consumer has " +
  "embedding and head, all layers are elsewhere. No tokens are guessed unless the line says so.";
const COST =
  "What a token takes longer than in one piece, divided by the number of stages: threads, encoding, two message ports and " +
  "a data channel. The computing is the same on both sides.";

export const pipeline: Group = async ({ stage, times, say }) => {
  const room = await PipelineRoom.open(stage);
  try {
    const members: Member[] = [];
    for (const _ of STAGES) members.push(await room.add(members));
    await room.loadWhole();
    const lines: Line[] = [];
    for (const count of STAGES) {
      await room.form(members.slice(0, count));
      const { a, b } = await inTurns(
        times(ROUNDS),
        async () => msPerToken(await room.ask(STORY, "plain")),
        async () => msPerToken(await room.ask(STORY, "whole")),
      );
      lines.push(...linesOf(count, a, b));
      await room.dissolve();
      say(`${count} of ${STAGES.length} stages are measured`);
    }
    await room.form(members.slice(0, SHARED_STAGES));
    for (const answers of AT_ONCE) {
      const { a, b } = await inTurns(
        times(ROUNDS),
        () => room.together(STORY, answers),
        () => room.together(STORY, 1),
      );
      lines.push({
        name: `${answers} answers at once over ${SHARED_STAGES} stages`,
        unit: "tokens/s",
        measured: spread(a),
        other: { name: "one", unit: "tokens/s", value: spread(b) },
        ratio: pairedRatio(a, b),
        target: { of: "ratio", at: "least", value: 2.2 },
        notes: [LOCAL, "Prompts are counted too. Where the stages share two cores, this cannot reach their number."],
      });
    }
    return lines;
  } finally {
    await room.close();
  }
};

function linesOf(count: number, piped: readonly number[], whole: readonly number[]): Line[] {
  const name = `${count} ${count === 1 ? "stage" : "stages"}`;
  const costs = piped.map((ms, i) => (ms - whole[i]!) / count);
  return [
    {
      name: `${name}: decode`,
      unit: "tokens/s",
      measured: rates(piped),
      other: { name: "in one piece", unit: "tokens/s", value: rates(whole) },
      ratio: pairedRatio(whole, piped),
      notes: [LOCAL],
    },
    {
      name: `${name}: cost of a stage above its own computing`,
      unit: "ms",
      measured: spread(costs),
      target: { of: "median", at: "most", value: 2 },
      notes: [LOCAL, COST],
    },
  ];
}

function rates(ms: readonly number[]): Spread {
  return spread(ms.map((each) => 1000 / each));
}
