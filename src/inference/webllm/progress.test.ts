import { describe, expect, it } from "vitest";
import { ProgressReader } from "./progress";

const MIB = 2 ** 20;
const fetching = (megabytes: number, progress: number) => ({
  progress,
  timeElapsed: 1,
  text: `Fetching param cache[3/8]: ${megabytes}MB fetched. 25% completed, 1 secs elapsed.`,
});

describe("ProgressReader", () => {
  it("reads bytes, total, rate and time left from the library's sentences", () => {
    let now = 0;
    const reader = new ProgressReader("Model", () => now);
    reader.read(fetching(100, 0.25));
    now = 2000;
    const step = reader.read(fetching(200, 0.5));
    expect(step).toMatchObject({
      phase: "download",
      loadedBytes: 200 * MIB,
      totalBytes: 400 * MIB,
      bytesPerSecond: 50 * MIB,
    });
    expect(step.etaMs).toBe(4000);
  });

  it("counts the model's compiled library to the download", () => {
    let now = 0;
    const reader = new ProgressReader("Model", () => now);
    reader.library(0);
    now = 1000;
    expect(reader.library(4 * MIB)).toMatchObject({ loadedBytes: 4 * MIB, totalBytes: 0, bytesPerSecond: 4 * MIB });
    now = 2000;
    expect(reader.read(fetching(100, 0.25))).toMatchObject({
      loadedBytes: 104 * MIB,
      totalBytes: 404 * MIB,
      text: "Downloading Model. This includes the engine, 4.2 MB.",
    });
    const read = reader.read({ progress: 0.05, timeElapsed: 1, text: "Loading model from cache[1/8]: 3MB loaded." });
    expect(read).toMatchObject({ loadedBytes: 3 * MIB, totalBytes: 60 * MIB, text: "Moving to the GPU: Model (5 %)." });
  });

  it("tells the phases apart", () => {
    const reader = new ProgressReader("Model");
    const phase = (text: string): string => reader.read({ progress: 0.5, timeElapsed: 0, text }).phase;
    expect(phase("Start to fetch params")).toBe("download");
    expect(phase("Loading model from cache[1/8]: 3MB loaded. 5% completed, 1 secs elapsed.")).toBe("read");
    expect(phase("Loading GPU shader modules[3/60]: 5% completed, 1 secs elapsed.")).toBe("compile");
    expect(phase("Finish loading on WebGPU - x")).toBe("check");
  });
});
