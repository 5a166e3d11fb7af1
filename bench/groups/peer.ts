/** Compares an answer from a peer with one computed at the peer itself: the rate, and the time to the first token. */
import { gridReady, joinRoom, openRoom, withoutModel } from "../../e2e/harness/grid";
import { QUESTION, type Timed, decodeRate, firstTokenMs, greedy, timedAnswer } from "../answers";
import type { Group } from "../group";
import { withGuide } from "../guide";
import { pairedDifference, pairedRatio, spread } from "../statistics";
import { offering, rttTo } from "../room";
import { inTurns } from "../turns";

const ROUNDS = 15;

export const peer: Group = async ({ stage, times }) => {
  const provider = await stage.visit({ name: "provider" });
  await withGuide(provider);
  const invite = await openRoom(provider);
  const asker = await stage.visit({ name: "asker" });
  await gridReady(asker);
  await withoutModel(asker);
  await joinRoom(asker, invite);
  await offering(asker, 1);
  const generation = greedy(QUESTION);
  const rtts: number[] = [];
  const through = async (): Promise<Timed> => {
    const answer = await timedAnswer(asker.page, { generation, provider: "room" });
    rtts.push(await rttTo(asker));
    return answer;
  };
  const { a: there, b: here } = await inTurns(times(ROUNDS), through, () =>
    timedAnswer(provider.page, { generation, provider: "local" }),
  );
  rtts.shift(); // That of the round which is thrown away.
  await stage.dismiss(asker);
  await stage.dismiss(provider);
  const [rates, localRates] = [there.map(decodeRate), here.map(decodeRate)];
  const differences = pairedDifference(there.map(firstTokenMs), here.map(firstTokenMs));
  const added = differences.samples.map((ms, index) => ms - rtts[index]!);
  const sharedCores = "Asker and provider are two browser contexts on one machine and share its cores.";
  return [
    {
      name: "decode through a peer",
      unit: "tokens/s",
      measured: spread(rates),
      other: { name: "at the peer itself", unit: "tokens/s", value: spread(localRates) },
      ratio: pairedRatio(rates, localRates),
      target: { of: "ratio", at: "least", value: 0.95 },
      notes: [sharedCores],
    },
    {
      name: "time to first token added by a peer, round trip left out",
      unit: "ms",
      measured: spread(added),
      other: { name: "round trip", unit: "ms", value: spread(rtts) },
      target: { of: "median", at: "most", value: 30 },
      notes: [
        sharedCores,
        `The round trip is the link's own smoothed figure; with it, a peer adds ${differences.median.toFixed(1)} ms.`,
      ],
    },
  ];
};
