import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { packageHash } from "./package-hash";
import { ProgressBoard } from "./progress-board";
import { ProgressMeter } from "./progress";
import { backoffMs } from "./web";
import type { StoreProgress } from "./store-protocol";

describe("ProgressMeter", () => {
  it("returns the rate of the last seconds and the remaining time", () => {
    let now = 0;
    const meter = new ProgressMeter(() => now);
    const at = (time: number, bytes: number) => {
      now = time;
      return meter.measure("download", bytes, 100_000, "text");
    };
    expect(at(0, 0)).toMatchObject({ bytesPerSecond: 0, etaMs: undefined });
    expect(at(1000, 1000)).toMatchObject({ bytesPerSecond: 1000, etaMs: 99_000 });
    at(2000, 2000);
    for (let time = 3000; time <= 12_000; time += 1000) at(time, 2000 + (time - 2000) * 5);
    expect(at(13_000, 57_000)).toMatchObject({ bytesPerSecond: 5000, etaMs: 8600 });
  });

  it("returns no remaining time if the size is unknown", () => {
    let now = 0;
    const meter = new ProgressMeter(() => now);
    meter.measure("download", 0, 0, "");
    now = 1000;
    expect(meter.measure("download", 500, 0, "")).toMatchObject({ bytesPerSecond: 500, etaMs: undefined });
  });
});

describe("ProgressBoard", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("reports the sum of all files at most every 100 ms, including the last one before a stall", () => {
    const told: StoreProgress[] = [];
    const files = [
      { path: "a", urls: [], bytes: 10 },
      { path: "b", urls: [] },
    ];
    const board = new ProgressBoard(
      files,
      [],
      false,
      (progress) => told.push(progress),
      () => Date.now(),
    );
    board.line(0).received(4, 10);
    board.line(0).received(10, 10);
    board.line(1).received(5, 20);
    expect(told.map((progress) => progress.receivedBytes)).toEqual([4]);
    expect(told[0]?.totalBytes).toBe(0);
    vi.advanceTimersByTime(100);
    expect(told.at(-1)).toMatchObject({ receivedBytes: 15, totalBytes: 30, waitingFor: undefined });
    board.line(1).waiting("no answer");
    expect(told.at(-1)).toMatchObject({ waitingFor: "no answer" });
    expect(board.missingBytes).toBe(15);
  });
});

describe("backoffMs", () => {
  it("doubles, with jitter, up to a limit", () => {
    expect([1, 2, 3].map((failures) => backoffMs(failures, () => 1))).toEqual([300, 600, 1200]);
    expect(backoffMs(1, () => 0)).toBe(150);
    expect(backoffMs(50, () => 1)).toBe(8000);
  });
});

describe("packageHash", () => {
  const a = { path: "a", sha256: "11" };
  const b = { path: "b", sha256: "22" };

  it("depends on every file but not on their order", () => {
    const hash = packageHash([a, b]);
    expect(packageHash([b, a])).toBe(hash);
    expect(packageHash([a])).not.toBe(hash);
    expect(packageHash([a, { ...b, sha256: "23" }])).not.toBe(hash);
    expect(packageHash([a, { ...b, path: "c" }])).not.toBe(hash);
  });

  it("cannot be fooled by a path that looks like two files", () => {
    expect(packageHash([{ path: 'a" 11\n"b', sha256: "22" }])).not.toBe(packageHash([a, b]));
  });
});
