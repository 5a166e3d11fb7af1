/** Unit tests: beside the code as `name.test.ts`, in Node. Browser tests are Playwright's, in `e2e/`. */
import { defineConfig, mergeConfig } from "vitest/config";
import viteConfig from "./vite.config.ts";

export default defineConfig((env) =>
  mergeConfig(viteConfig(env), {
    test: {
      include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "workers/**/*.test.ts", "bench/**/*.test.ts"],
      exclude: ["scripts/guide-model/**"],
      // A machine that is busy is no failure; a test that hangs is found all the same.
      testTimeout: 30_000,
      // Unattended, on a machine that others use too, a test may have a second try, as in the browser.
      retry: process.env.CI === undefined ? 0 : 1,
    },
  }),
);
