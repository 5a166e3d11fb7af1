import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { playwrightTimes, rememberDuration, slowest, timesOf, vitestTimes } from "./slowest.mjs";

const folder = mkdtempSync(join(tmpdir(), "microgrid-slowest-"));

describe("vitestTimes", () => {
  it("reads the duration of each test, and 0 for a test that did not run", () => {
    const assertionResults = [{ fullName: "a b", duration: 12.5 }, { fullName: "skipped" }];
    expect(vitestTimes({ testResults: [{ assertionResults }] })).toEqual([
      { name: "a b", ms: 12.5 },
      { name: "skipped", ms: 0 },
    ]);
  });
});

describe("playwrightTimes", () => {
  it("names tests by file and group, and adds up their tries", () => {
    const test = (title: string, ...durations: number[]) => ({
      title,
      tests: [{ results: durations.map((duration) => ({ duration })) }],
    });
    const group = { title: "group", specs: [test("inner", 7)] };
    const report = { suites: [{ title: "a.spec.ts", specs: [test("outer", 5, 6)], suites: [group] }] };
    expect(playwrightTimes(report)).toEqual([
      { name: "a.spec.ts › outer", ms: 11 },
      { name: "a.spec.ts › group › inner", ms: 7 },
    ]);
  });
});

describe("timesOf", () => {
  it("returns nothing for a report that is missing or broken", () => {
    writeFileSync(join(folder, "broken.json"), "{");
    expect(timesOf(join(folder, "broken.json"), vitestTimes)).toEqual([]);
    expect(timesOf(join(folder, "missing.json"), vitestTimes)).toEqual([]);
  });
});

describe("slowest", () => {
  it("lists the slowest tests first, and no more than asked for", () => {
    const times = [1, 30, 20].map((seconds) => ({ name: `test ${seconds}`, ms: seconds * 1000 }));
    expect(slowest(times, 2).split("\n")).toEqual(["   30.0 s  test 30", "   20.0 s  test 20"]);
  });
});

describe("rememberDuration", () => {
  it("keeps the entries of other commands, and replaces its own", () => {
    const path = join(folder, "durations.json");
    rememberDuration(path, "check", 5.2);
    rememberDuration(path, "test", 1);
    rememberDuration(path, "test", 2);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ check: 5, test: 2 });
  });
});
