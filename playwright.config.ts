/** Browser tests on the built site, in real browsers; `e2e/README.md` says how to write one. */
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.spec.ts",
  // Peers answer each other on the same processor cores, and some tests measure who is faster.
  workers: 1,
  fullyParallel: false,
  // Unattended, on a machine that others use too, a test may have a second try; the list names it as flaky then.
  retries: process.env.CI === undefined ? 0 : 1,
  // Software WebGPU and WebAssembly on a small machine; a test that hangs is found by its own waits first.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: process.env.CI !== undefined,
  outputDir: "test-results",
  reporter: [["list"], ["json", { outputFile: process.env.MICROGRID_REPORT ?? ".cache/reports/browser.json" }]],
});
