/** Turns WebLLM's progress, a share and a sentence, into ours. */
import type { InitProgressReport } from "@mlc-ai/web-llm";
import { formatBytes } from "../../core";
import type { LoadProgress } from "../types";

const MIB = 2 ** 20;
/** The rate is that of the last seconds; the library reports a whole shard at a time, so this must span several. */
const WINDOW_MS = 10_000;

/**
 * Follows one load: first that of the model's compiled library, then that of the weights. WebLLM names bytes in its sentences
 * only, and only in whole MiB.
 */
export class ProgressReader {
  readonly #name: string;
  readonly #now: () => number;
  #samples: { readonly at: number; readonly bytes: number }[] = [];
  #phase: LoadProgress["phase"] = "download";
  /** Bytes of the compiled library that were downloaded. */
  #libraryBytes = 0;

  constructor(name: string, now: () => number = () => performance.now()) {
    this.#name = name;
    this.#now = now;
  }

  /** The progress while the compiled library comes. The size of the weights, and so of all, is unknown yet. */
  library(loadedBytes: number): LoadProgress {
    this.#libraryBytes = loadedBytes;
    const bytesPerSecond = this.#rate(loadedBytes);
    return {
      phase: "download",
      loadedBytes,
      totalBytes: 0,
      bytesPerSecond,
      etaMs: undefined,
      text: this.#text("download"),
    };
  }

  /** The progress that a report stands for. */
  read(report: InitProgressReport): LoadProgress {
    const phase = phaseOf(report.text) ?? this.#phase;
    if (phase !== this.#phase) this.#samples = [];
    this.#phase = phase;
    const weights = Number(/(\d+)MB/.exec(report.text)?.[1] ?? 0) * MIB;
    const before = phase === "download" ? this.#libraryBytes : 0;
    const bytes = before + weights;
    const total = weights > 0 && report.progress > 0 ? before + Math.round(weights / report.progress) : 0;
    const bytesPerSecond = this.#rate(bytes);
    return {
      phase,
      loadedBytes: bytes,
      totalBytes: total,
      bytesPerSecond,
      etaMs: total > 0 && bytesPerSecond > 0 ? (Math.max(0, total - bytes) / bytesPerSecond) * 1000 : undefined,
      text: this.#text(phase, report.progress),
    };
  }

  #text(phase: LoadProgress["phase"], share?: number): string {
    // The numbers of a download are fields of their own.
    const percent = phase === "download" || share === undefined ? "" : ` (${Math.floor(share * 100)} %)`;
    const engine = phase === "download" && this.#libraryBytes > 0 ? this.#libraryBytes : undefined;
    const includes = engine === undefined ? "" : ` This includes the engine, ${formatBytes(engine)}.`;
    return `${TEXTS[phase]} ${this.#name}${percent}.${includes}`;
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
