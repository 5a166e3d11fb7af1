import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { playwrightTally, summary, tallyOf, vitestTally } from "./tally.mjs";

function report(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "microgrid-tally-")), "report.json");
  writeFileSync(path, content);
  return path;
}

describe("tallyOf", () => {
  const good = report(JSON.stringify({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 }));

  it("counts a report", () => {
    expect(tallyOf(0, good, vitestTally)).toEqual({ passed: 3, failed: 0, skipped: 2 });
  });

  it("counts a runner that failed without a failed test as one failure", () => {
    expect(tallyOf(1, good, vitestTally).failed).toBe(1);
  });

  it("counts a missing or broken report as one failure", () => {
    expect(tallyOf(0, "/nowhere/report.json", vitestTally).failed).toBe(1);
    expect(tallyOf(0, report("{"), vitestTally).failed).toBe(1);
  });

  it("counts a browser test that passed at its second try as passed; the report names it as flaky", () => {
    const stats = { expected: 5, unexpected: 1, flaky: 1, skipped: 2 };
    expect(playwrightTally({ stats })).toEqual({ passed: 6, failed: 1, skipped: 2 });
  });
});

describe("summary", () => {
  it("adds the counts, and mentions skipped tests only if there are any", () => {
    const tally = { passed: 2, failed: 1, skipped: 0 };
    expect(summary([tally, tally])).toBe("4 passed, 2 failed");
    expect(summary([tally, { ...tally, skipped: 3 }])).toBe("4 passed, 2 failed, 3 skipped");
  });
});
