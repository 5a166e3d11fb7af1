/** What a peer's help costs against computing at the peer itself: the rate, and the time to the first token. */
import { gridReady, joinRoom, openRoom, withoutModel } from "../../e2e/harness/grid";
import { QUESTION, decodeRate, firstTokenMs, greedy, timedAnswer } from "../answers";
import type { Group } from "../group";
import { withGuide } from "../guide";
import { pairedDifference, pairedRatio, spread } from "../statistics";
import { offering, rttTo } from "../room";

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
  const local: { rates: number[]; firsts: number[] } = { rates: [], firsts: [] };
  const remote: { rates: number[]; firsts: number[]; rtts: number[] } = { rates: [], firsts: [], rtts: [] };
  for (let round = -1; round < times(ROUNDS); round++) {
    const here = await timedAnswer(provider.page, { generation, provider: "local" });
    const there = await timedAnswer(asker.page, { generation, provider: "room" });
    const rtt = await rttTo(asker);
    if (round < 0) continue; // The first of each compiles and fills caches.
    local.rates.push(decodeRate(here));
    local.firsts.push(firstTokenMs(here));
    remote.rates.push(decodeRate(there));
    remote.firsts.push(firstTokenMs(there));
    remote.rtts.push(rtt);
  }
  await stage.dismiss(asker);
  await stage.dismiss(provider);
  const differences = pairedDifference(remote.firsts, local.firsts);
  const added = differences.samples.map((ms, index) => ms - remote.rtts[index]!);
  const sharedCores = "Asker and provider are two browser contexts on one machine and share its cores.";
  return [
    {
      name: "decode through a peer",
      unit: "tokens/s",
      measured: spread(remote.rates),
      other: { name: "at the peer itself", unit: "tokens/s", value: spread(local.rates) },
      ratio: pairedRatio(remote.rates, local.rates),
      target: { of: "ratio", at: "least", value: 0.95 },
      notes: [sharedCores],
    },
    {
      name: "time to first token added by a peer, round trip left out",
      unit: "ms",
      measured: spread(added),
      other: { name: "round trip", unit: "ms", value: spread(remote.rtts) },
      target: { of: "median", at: "most", value: 30 },
      notes: [
        sharedCores,
        `The round trip is the link's own smoothed figure; with it, a peer adds ${differences.median.toFixed(1)} ms.`,
      ],
    },
  ];
};
