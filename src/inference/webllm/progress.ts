/** Turns WebLLM's progress, a share and a sentence, into ours. */
import type { InitProgressReport } from "@mlc-ai/web-llm";
import type { LoadProgress } from "../types";

const MIB = 2 ** 20;
/** The rate is that of the last seconds; the library reports a whole shard at a time, so this must span several. */
const WINDOW_MS = 10_000;

/** Follows one load. The library names bytes in its sentences only, and only in whole MiB. */
export class ProgressReader {
  readonly #name: string;
  readonly #now: () => number;
  #samples: { readonly at: number; readonly bytes: number }[] = [];
  #phase: LoadProgress["phase"] = "download";

  constructor(name: string, now: () => number = () => performance.now()) {
    this.#name = name;
    this.#now = now;
  }

  /** The progress that a report stands for. */
  read(report: InitProgressReport): LoadProgress {
    const phase = phaseOf(report.text) ?? this.#phase;
    if (phase !== this.#phase) this.#samples = [];
    this.#phase = phase;
    const bytes = Number(/(\d+)MB/.exec(report.text)?.[1] ?? 0) * MIB;
    const total = bytes > 0 && report.progress > 0 ? Math.round(bytes / report.progress) : 0;
    const bytesPerSecond = this.#rate(bytes);
    return {
      phase,
      loadedBytes: bytes,
      totalBytes: total,
      bytesPerSecond,
      etaMs: total > 0 && bytesPerSecond > 0 ? (Math.max(0, total - bytes) / bytesPerSecond) * 1000 : undefined,
      text: `${TEXTS[phase]} ${this.#name} (${Math.floor(report.progress * 100)} %).`,
    };
  }

  #rate(bytes: number): number {
    const at = this.#now();
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= WINDOW_MS), { at, bytes }];
    const first = this.#samples[0];
    return first && at > first.at ? Math.max(0, ((bytes - first.bytes) / (at - first.at)) * 1000) : 0;
  }
}

const TEXTS: Readonly<Record<LoadProgress["phase"], string>> = {
  download: "Downloading",
  read: "Moving to the GPU:",
  compile: "Compiling for this GPU:",
  check: "Checking",
};

function phaseOf(text: string): LoadProgress["phase"] | undefined {
  if (/fetch/i.test(text)) return "download";
  if (/from cache/i.test(text)) return "read";
  if (/shader/i.test(text)) return "compile";
  return /finish/i.test(text) ? "check" : undefined;
}
