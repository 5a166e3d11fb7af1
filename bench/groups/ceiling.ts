/** Decode as a share of what memory allows: no token can be computed without reading every weight once. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gridReady } from "../../e2e/harness/grid";
import { ROOT } from "../../scripts/run/spawn.mjs";
import { QUESTION, bareAnswer, decodeRate, engineWorker, greedy } from "../answers";
import { gpuCopyRate, processorCopyRate } from "../bandwidth";
import type { Group, GroupContext } from "../group";
import { withGuide } from "../guide";
import type { Line } from "../line";
import { spread } from "../statistics";

const ROUNDS = 7;
const GUIDE = join(ROOT, "public", "models", "guide");
/** Software WebGPU needs most of a second for a token. */
const GPU_TOKENS = 12;

export const ceiling: Group = async (context) => [await onProcessor(context), ...(await onGpu(context))];

async function onProcessor({ stage, times }: GroupContext): Promise<Line> {
  const site = await stage.visit({ name: "ceiling" });
  await withGuide(site);
  const worker = engineWorker(site.page);
  const weights = weightBytesPerToken();
  const rates: number[] = [];
  const ceilings: number[] = [];
  for (let round = -1; round < times(ROUNDS); round++) {
    const rate = decodeRate(await bareAnswer(worker, greedy(QUESTION)));
    const bandwidth = await worker.evaluate(processorCopyRate, weights);
    if (round < 0) continue;
    rates.push(rate);
    ceilings.push(bandwidth / weights);
  }
  await stage.dismiss(site);
  return line("wasm, one thread", rates, ceilings, [
    `${(weights / 1e6).toFixed(2)} MB of weights are read for a token of the guide. The copy loop moves a block of that ` +
      "size in the same worker, so it finds the same caches as the weights do.",
  ]);
}

async function onGpu({ stage, times, say }: GroupContext): Promise<Line[]> {
  const site = await stage.visit({ name: "gpu", webgpu: true });
  await gridReady(site);
  const { device } = await site.page.evaluate(() => window.microgrid!.state);
  if (!device.webgpu) {
    say("No WebGPU adapter here, not even a software one: its line is left out.");
    await stage.dismiss(site);
    return [];
  }
  await withGuide(site, "webgpu");
  const worker = engineWorker(site.page);
  const weights = weightBytesPerToken();
  const rates: number[] = [];
  const ceilings: number[] = [];
  for (let round = -1; round < Math.min(3, times(3)); round++) {
    const rate = decodeRate(await bareAnswer(worker, greedy(QUESTION, GPU_TOKENS)));
    const bandwidth = await worker.evaluate(gpuCopyRate, weights);
    if (round < 0) continue;
    rates.push(rate);
    ceilings.push(bandwidth / weights);
  }
  await stage.dismiss(site);
  const { vendor, architecture } = device.webgpu;
  const about = `The WebGPU adapter is ${vendor} ${architecture}, a program on the processor; no GPU was measured.`;
  return [line("software WebGPU", rates, ceilings, [about])];
}

function line(where: string, rates: readonly number[], ceilings: readonly number[], notes: readonly string[]): Line {
  return {
    name: `decode, bare engine, ${where}`,
    unit: "tokens/s",
    measured: spread(rates),
    other: { name: "memory / weights", unit: "tokens/s", value: spread(ceilings) },
    ratio: spread(rates.map((rate, index) => rate / ceilings[index]!)),
    notes,
  };
}

/** Bytes of weights that a token needs: all but the embedding, of which it needs one row. */
function weightBytesPerToken(): number {
  const folder = join(GUIDE, "onnx");
  const data = readdirSync(folder).filter((name) => name.endsWith(".onnx_data"));
  const bytes = data.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  const config = JSON.parse(readFileSync(join(GUIDE, "config.json"), "utf8")) as {
    vocab_size: number;
    hidden_size: number;
    tie_word_embeddings: boolean;
  };
  const rowBytes = 4 * config.hidden_size;
  return config.tie_word_embeddings ? bytes : bytes - (config.vocab_size - 1) * rowBytes;
}
