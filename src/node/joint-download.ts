/** One progress for what a model needs: its own files and those of its engine, which are downloaded at the same time. */
import { formatBytes } from "../core";
import type { LoadProgress } from "../inference";
import { ProgressMeter } from "../models";

/** Time between two reports of the engine's files; they come in small parts. The store reports as often. */
const INTERVAL_MS = 100;

interface Part {
  readonly loadedBytes: number;
  /** Undefined while it is unknown. */
  readonly totalBytes: number | undefined;
}

const UNKNOWN: Part = { loadedBytes: 0, totalBytes: undefined };

/** Adds up both downloads. The sum is known once both sizes are, so that the share that is done never falls. */
export class JointDownload {
  readonly #name: string;
  readonly #onProgress: (progress: LoadProgress) => void;
  readonly #now: () => number;
  readonly #meter: ProgressMeter;
  #engineToldAt = -Infinity;
  #model: Part;
  #engine = UNKNOWN;
  #text: string | undefined;

  /** `modelBytes`: what is to be downloaded of the model, as far as that is known before it begins. */
  constructor(
    { name, modelBytes }: { readonly name: string; readonly modelBytes: number | undefined },
    onProgress: (progress: LoadProgress) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#name = name;
    this.#model = { loadedBytes: 0, totalBytes: modelBytes };
    this.#onProgress = onProgress;
    this.#meter = new ProgressMeter(now);
  }

  /** The model's files have come so far. */
  readonly model = (progress: LoadProgress): void => {
    this.#model = partOf(progress.loadedBytes, progress.totalBytes);
    this.#text = progress.text;
    this.#tell();
  };

  /** The engine's files have come so far. */
  readonly engine = (loadedBytes: number, totalBytes: number): void => {
    this.#engine = partOf(loadedBytes, totalBytes);
    if (loadedBytes < totalBytes && this.#now() - this.#engineToldAt < INTERVAL_MS) return;
    this.#engineToldAt = this.#now();
    this.#tell();
  };

  /** Nothing more of the engine will come. */
  engineDone(): void {
    const { loadedBytes } = this.#engine;
    this.#engine = { loadedBytes, totalBytes: loadedBytes };
    if (this.#text !== undefined) this.#tell();
  }

  #tell(): void {
    const [model, engine] = [this.#model, this.#engine];
    const known = model.totalBytes !== undefined && engine.totalBytes !== undefined;
    const total = known ? model.totalBytes + engine.totalBytes : 0;
    this.#onProgress(
      this.#meter.measure("download", model.loadedBytes + engine.loadedBytes, total, this.#sentence(engine)),
    );
  }

  /** The list of models names the model's size alone, so the rest of the sum is explained. */
  #sentence({ loadedBytes, totalBytes = 0 }: Part): string {
    if (this.#text !== undefined)
      return totalBytes > 0 ? `${this.#text} This includes the engine, ${formatBytes(totalBytes)}.` : this.#text;
    return loadedBytes < totalBytes ? `Downloading the engine for ${this.#name}.` : `Preparing ${this.#name}.`;
  }
}

/** `totalBytes` is 0 where it is unknown. */
function partOf(loadedBytes: number, totalBytes: number): Part {
  return { loadedBytes, totalBytes: totalBytes > 0 ? totalBytes : undefined };
}
