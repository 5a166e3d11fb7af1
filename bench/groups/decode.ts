/** How much of the bare engine's decode rate reaches a page through `Grid`. */
import { gridReady, loadModel } from "../../e2e/harness/grid";
import { QUESTION, bareAnswer, decodeRate, engineWorker, greedy, timedAnswer } from "../answers";
import type { Group } from "../group";
import { pairedRatio, spread } from "../statistics";

const ROUNDS = 15;

export const decode: Group = async ({ stage, times }) => {
  const site = await stage.visit({ name: "decode" });
  await gridReady(site);
  await loadModel(site, "guide", { backend: "wasm" });
  const worker = engineWorker(site.page);
  const request = greedy(QUESTION);
  const bare: number[] = [];
  const grid: number[] = [];
  const events: number[] = [];
  for (let round = -1; round < times(ROUNDS); round++) {
    const one = await bareAnswer(worker, request);
    const other = await timedAnswer(site.page, { generation: request, provider: "local" });
    if (round < 0) continue; // The first of each compiles and fills caches.
    bare.push(decodeRate(one));
    grid.push(decodeRate(other));
    events.push(other.tokens.reduce((sum, { count }) => sum + count, 0) / other.tokens.length);
  }
  await stage.dismiss(site);
  return [
    {
      name: "decode through Grid",
      unit: "tokens/s",
      measured: spread(grid),
      other: { name: "bare engine, same worker", unit: "tokens/s", value: spread(bare) },
      ratio: pairedRatio(grid, bare),
      target: { of: "ratio", at: "least", value: 0.97 },
      notes: [
        "The bare engine is the same loaded model in the same worker of the same page, with its tokens read inside " +
          `that worker. A token event carries ${spread(events).median.toFixed(2)} tokens.`,
      ],
    },
  ];
};
