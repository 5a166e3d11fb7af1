/** Turns counts of bytes into a rate and the remaining time. */
import type { LoadProgress } from "../inference";
import type { StoreProgress } from "./store-protocol";

/** The rate covers the last seconds, so that it follows changes of the network. */
const WINDOW_MS = 5_000;
/** A rate over a shorter time would jump around. */
const SHORTEST_SPAN_MS = 250;

/** Measures one phase of a load. `now` gives the milliseconds of any clock that never goes back. */
export class ProgressMeter {
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Takes the count of bytes so far and returns the progress to show. `totalBytes` is 0 if unknown. */
  measure(phase: LoadProgress["phase"], loadedBytes: number, totalBytes: number, text: string): LoadProgress {
    const bytesPerSecond = this.#rate(loadedBytes);
    const left = totalBytes - loadedBytes;
    const etaMs = totalBytes > 0 && bytesPerSecond > 0 ? (Math.max(left, 0) / bytesPerSecond) * 1000 : undefined;
    return { phase, loadedBytes, totalBytes, bytesPerSecond, etaMs, text };
  }

  #rate(bytes: number): number {
    const at = this.#now();
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    if (!first || at - first.at < SHORTEST_SPAN_MS) return 0;
    return Math.max(0, ((bytes - first.bytes) / (at - first.at)) * 1000);
  }
}

/** A listener for the store that measures its reports and passes them on as the progress of a load. */
export function downloadProgress(
  name: string,
  onProgress: (progress: LoadProgress) => void,
): (progress: StoreProgress) => void {
  const meter = new ProgressMeter();
  return ({ receivedBytes, totalBytes, inMemory, waitingFor }) => {
    const place = inMemory ? " It is kept in memory only, because this browser offers no file storage here." : "";
    // The numbers are fields of their own, so that whoever shows them does not say them twice.
    const text = waitingFor === undefined ? `Downloading ${name}.` : `Trying again to download ${name}: ${waitingFor}.`;
    onProgress(meter.measure("download", receivedBytes, totalBytes, text + place));
  };
}
