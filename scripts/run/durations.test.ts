import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readDurations, recordDuration } from "./durations.mjs";

it("keeps the last duration of each command", () => {
  const root = mkdtempSync(join(tmpdir(), "durations-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  expect(readDurations(root)).toEqual({});
  recordDuration(root, "check", 50);
  recordDuration(root, "test", 800);
  recordDuration(root, "check", 45);
  expect(readDurations(root)).toEqual({ check: 45, test: 800 });
});
