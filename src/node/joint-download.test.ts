import { beforeEach, expect, it } from "vitest";
import type { LoadProgress } from "../inference";
import { JointDownload } from "./joint-download";

let told: LoadProgress[];
let now: number;

beforeEach(() => {
  told = [];
  now = 0;
});

function joint(modelBytes: number | undefined): JointDownload {
  return new JointDownload(
    { name: "Guide", modelBytes },
    (progress) => told.push(progress),
    () => now,
  );
}

const step = (loadedBytes: number, totalBytes: number): LoadProgress => ({
  ...{ phase: "download", loadedBytes, totalBytes, bytesPerSecond: 0, etaMs: undefined },
  text: "Downloading Guide.",
});

const bytes = (): [number, number][] => told.map(({ loadedBytes, totalBytes }) => [loadedBytes, totalBytes]);

it("adds up both, from the first byte of the engine on", () => {
  const download = joint(6e6);
  download.engine(1e6, 3e6);
  expect(told[0]).toMatchObject({ loadedBytes: 1e6, totalBytes: 9e6, text: "Downloading the engine for Guide." });
  now = 1000;
  download.model(step(2e6, 6e6));
  expect(told[1]).toMatchObject({
    ...{ phase: "download", loadedBytes: 3e6, totalBytes: 9e6, bytesPerSecond: 2e6, etaMs: 3000 },
    text: "Downloading Guide. This includes the engine, 3.0 MB.",
  });
});

it("names no sum before both sizes are known, so that the bar never goes back", () => {
  const download = joint(undefined);
  download.model(step(1e6, 6e6));
  download.engine(0, 3e6);
  download.model(step(2e6, 0));
  expect(bytes()).toEqual([
    [1e6, 0],
    [1e6, 9e6],
    [2e6, 0],
  ]);
});

it("goes by the model alone where the engine needs nothing", () => {
  const download = joint(6e6);
  download.engineDone();
  expect(told).toEqual([]);
  download.model(step(2e6, 6e6));
  expect(told[0]).toMatchObject({ loadedBytes: 2e6, totalBytes: 6e6, text: "Downloading Guide." });
});

it("does not report each small part of the engine", () => {
  const download = joint(6e6);
  for (const loaded of [0, 1e6, 2e6, 3e6]) download.engine(loaded, 3e6);
  expect(bytes()).toEqual([
    [0, 9e6],
    [3e6, 9e6],
  ]);
});

it("goes by the engine alone where the model is here", () => {
  const download = joint(0);
  download.engine(1e6, 3e6);
  download.engine(3e6, 3e6);
  expect(bytes()).toEqual([
    [1e6, 3e6],
    [3e6, 3e6],
  ]);
  expect(told[1]?.text).toBe("Preparing Guide.");
});
