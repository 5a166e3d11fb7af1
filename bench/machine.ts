/** Describes the machine that the figures were measured on. */
import { availableParallelism, cpus, loadavg, platform, totalmem } from "node:os";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly browser: string;
  readonly node: string;
  /** Programs that wanted a core before the run began, averaged over a minute; 0 is a quiet machine. */
  readonly loadBefore: number;
}

export function thisMachine(browser: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    system: platform(),
    browser,
    node: process.versions.node,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** One line for people. */
export function describe({ processor, cores, memoryGb, system, browser, node, loadBefore }: Machine): string {
  const load = loadBefore > 0.5 ? `; other programs were running (load ${loadBefore.toFixed(1)})` : "";
  return `${processor}, ${cores} cores, ${memoryGb} GB, ${system}; Chromium ${browser}, Node ${node}${load}`;
}
