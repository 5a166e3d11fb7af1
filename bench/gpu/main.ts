/** The benchmark itself: one shape after the other, in the time that there is, then the table. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../../scripts/run/message.mjs";
import { ROOT } from "../../scripts/run/spawn.mjs";
import type { Line } from "../line";
import { thisMachine } from "../machine";
import { hasTransformers, TRANSFORMERS_HINT } from "../transformers";
import { type Adapter, describeAdapter, gpuBrowser } from "./adapter";
import { Budget } from "./budget";
import type { GpuBenchOptions } from "./options.mjs";
import { gpuReadRate } from "./read-rate";
import { reportText } from "./report";
import { type ShapeExtent, measureShape, type Run } from "./shape-run";
import { misfit, scaledDown, type Shape, SHAPES } from "./shapes";
import { GpuSite } from "./site";

/** On a graphics card. */
const FULL: ShapeExtent = { prompts: [128, 512, 1024], together: [1, 2, 4, 8], tokens: 64, rounds: 3, warmUps: 1 };
/** On software, where a token can take a second. */
const SMALL: ShapeExtent = { prompts: [32, 64, 96], together: [1, 2, 4, 8], tokens: 4, rounds: 1, warmUps: 0 };
/** The block whose reading shows the bandwidth: larger than the caches of graphics cards. */
const BLOCK_BYTES = 512 * 2 ** 20;
const SMALL_BLOCK_BYTES = 32 * 2 ** 20;

/** Measures, prints the table, and gives whether everything that was begun could be measured and was right. */
export async function main(options: GpuBenchOptions): Promise<boolean> {
  const shapes = chosenShapes(options.shapes);
  const budget = new Budget(options.minutes * 60_000);
  const site = new GpuSite();
  const gpu = await gpuBrowser((browser) => site.probe(browser), options);
  const { browser, adapter } = gpu;
  try {
    console.error(describeAdapter(adapter));
    const machine = thisMachine(browser.version());
    const scaled = adapter.software && !options.full;
    const half = adapter.features.includes("shader-f16");
    const blockBytes = blockFor(adapter);
    const page = await site.open(browser, "onnx-page");
    const bytesPerSecond = await page.evaluate(gpuReadRate, blockBytes);
    await page.context().close();
    const say = (text: string): void => console.error(`  ${text}`);
    const extent = adapter.software ? SMALL : FULL;
    const run: Run = { site, browser, half, scaled, bytesPerSecond, extent, say };
    const found = { figures: [] as Line[], checked: [] as string[], refused: [] as string[], failures: [] as string[] };
    const fitting = shapes.filter((shape) => {
      const reason = misfit(scaled ? scaledDown(shape) : shape, half, adapter);
      if (reason !== undefined) found.refused.push(reason);
      return reason === undefined;
    });
    for (const [index, shape] of fitting.entries()) {
      console.error(`measuring ${shape.name} …`);
      const result = await measureShape(run, shape, budget.share(1 / (fitting.length - index)));
      found.figures.push(...result.lines);
      found.failures.push(...result.failures);
      if (result.same) found.checked.push(shape.name);
    }
    const report = { machine, adapter, scaled, bytesPerSecond, blockBytes, dropped: budget.dropped, ...found };
    const hints = [...(hasTransformers(site.files) ? [] : [TRANSFORMERS_HINT]), wllamaHint()];
    console.log(`\n${reportText(report, { shapes, minutes: options.minutes, hints })}`);
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    return found.failures.length === 0;
  } finally {
    await gpu.close();
    await site.close();
  }
}

function chosenShapes(parts: readonly string[]): readonly Shape[] {
  const shapes = SHAPES.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
  if (shapes.length > 0) return shapes;
  throw new CommandError(`No shape is named so. The shapes are ${SHAPES.map(({ name }) => name).join(", ")}.`);
}

function blockFor({ software, maxBufferSize, maxStorageBufferBindingSize }: Adapter): number {
  return Math.min(software ? SMALL_BLOCK_BYTES : BLOCK_BYTES, maxBufferSize, maxStorageBufferBindingSize);
}

function wllamaHint(): string {
  const path = join(ROOT, "node_modules", "@wllama", "wllama", "package.json");
  const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
  return `wllama is left out: @wllama/wllama ${version} has no WebGPU. npm run bench -- --only engines has its rates on the CPU.`;
}
