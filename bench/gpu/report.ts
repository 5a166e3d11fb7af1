/** The findings of a run, as text for people. */
import type { Line } from "../line";
import { describe, type Machine } from "../machine";
import { table } from "../table";
import { type Adapter, describeAdapter } from "./adapter";
import { scaledDown, type Shape, sizesText } from "./shapes";

/** The result of a run. */
export interface Report {
  readonly machine: Machine;
  readonly adapter: Adapter;
  /** Whether the shapes were scaled down. */
  readonly scaled: boolean;
  /** Bytes per second that the GPU reads, and the size of the block that it read. */
  readonly bytesPerSecond: number;
  readonly blockBytes: number;
  readonly figures: readonly Line[];
  /** Names of the shapes whose greedy answers on the GPU were those on the CPU. */
  readonly checked: readonly string[];
  /** Why shapes were refused. */
  readonly refused: readonly string[];
  /** Names of the rows for which there was no time. */
  readonly dropped: readonly string[];
  readonly failures: readonly string[];
}

/** The report for people. `hints` say what else is missing, and why. */
export function reportText(
  report: Report,
  {
    shapes,
    minutes,
    hints,
  }: { readonly shapes: readonly Shape[]; readonly minutes: number; readonly hints: readonly string[] },
): string {
  const { bytesPerSecond, blockBytes, figures, checked, dropped } = report;
  const [rate, block] = [(bytesPerSecond / 1e9).toFixed(1), Math.round(blockBytes / 2 ** 20)];
  const head = [
    describe(report.machine),
    describeAdapter(report.adapter),
    `The GPU reads ${rate} GB/s: a kernel that does nothing else, over ${block} MiB.`,
  ];
  const sizes = shapes.map((shape) => `${shape.name} has ${sizesText(scaledDown(shape))}`);
  const notes = [
    ...(report.scaled
      ? [
          `This WebGPU is software, so its figures say nothing about graphics cards, and the shapes are scaled down: ${sizes.join("; ")}.`,
        ]
      : []),
    ...report.refused,
    ...(checked.length > 0
      ? [
          `Greedy answers on the GPU, alone and several at once, are those on the CPU (scaled down, q4): ${checked.join(", ")}.`,
        ]
      : []),
    ...(dropped.length > 0 ? [`Left out, since ${minutes} minutes were not enough: ${dropped.join("; ")}.`] : []),
    ...hints,
    ...report.failures.map((failure) => `FAILED: ${failure}`),
  ];
  return [head.join("\n"), ...(figures.length > 0 ? [table(figures)] : []), notes.join("\n")].join("\n\n");
}
