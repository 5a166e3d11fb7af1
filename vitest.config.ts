/** Unit tests: beside the code as `name.test.ts`, in Node. Browser tests are Playwright's, in `e2e/`. */
import { availableParallelism } from "node:os";
import { defineConfig, mergeConfig } from "vitest/config";
import viteConfig from "./vite.config.ts";

export default defineConfig((env) =>
  mergeConfig(viteConfig(env), {
    test: {
      include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "workers/**/*.test.ts", "bench/**/*.test.ts"],
      exclude: ["scripts/guide-model/**"],
      // Vitest leaves a core for itself, which on two cores would leave one worker.
      maxWorkers: Math.max(2, availableParallelism() - 1),
      // A busy machine must not fail a test; a test that hangs is found all the same.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      setupFiles: ["scripts/vitest-setup.ts"],
      expect: { poll: { timeout: 60_000, interval: 10 } },
      // Unattended, on a machine that others use too, a test may have a second try, as in the browser.
      retry: process.env.CI === undefined ? 0 : 1,
    },
  }),
);
