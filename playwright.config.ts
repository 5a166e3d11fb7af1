/** Browser tests on the built site, in real browsers; `e2e/README.md` says how to write one. */
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.spec.ts",
  // Each test has ports, storage and servers of its own, so that tests can run side by side.
  workers: 2,
  fullyParallel: true,
  // Unattended, on a machine that others use too, a test may have a second try; the list names it as flaky then.
  retries: process.env.CI === undefined ? 0 : 1,
  // Limits find what hangs. They are generous, since a busy machine may take several times as long.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  forbidOnly: process.env.CI !== undefined,
  outputDir: "test-results",
  reporter: [["list"], ["json", { outputFile: process.env.MICROGRID_REPORT ?? ".cache/reports/browser.json" }]],
});
