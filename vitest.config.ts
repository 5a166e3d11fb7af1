/** Unit tests: beside the code as `name.test.ts`, in Node. Browser tests are Playwright's, in `e2e/`. */
import { availableParallelism } from "node:os";
import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import viteConfig from "./vite.config.ts";

/**
 * Files that replace modules, or import them again (`vi.mock`, `vi.resetModules`). Each has a process of its own, which
 * costs a second or more, as it imports everything anew.
 */
const ISOLATED = [
  "src/core/abort.test.ts",
  "src/identity/house-key.test.ts",
  "src/inference/tokenizer/chat-template.test.ts",
  "src/node/room/node-room.test.ts",
  "src/room/door/door.test.ts",
  "src/room/door/guest-search.test.ts",
  "src/room/door/knocks.test.ts",
  "src/room/gossip/gossip.test.ts",
  "src/room/governance/governance.test.ts",
  "src/room/governance/quorum.test.ts",
  "src/room/hostile.test.ts",
  "src/room/room.test.ts",
  "src/room/signaling/rendezvous.test.ts",
];

/** Files that compute with real weights, where these are here: the fast loop leaves them out. */
const REAL_WEIGHTS = ["gemma3", "minilm", "smollm2"].map((name) => `scripts/real-models/${name}.test.ts`);

const ALL = ["src/**/*.test.ts", "scripts/**/*.test.ts", "workers/**/*.test.ts", "bench/**/*.test.ts"];
const NOT_OURS = [...configDefaults.exclude, "scripts/guide-model/**"];
const SETUP = "scripts/vitest/setup.ts";

export default defineConfig((env) =>
  mergeConfig(viteConfig(env), {
    test: {
      projects: [
        { extends: true, test: { name: "isolated", include: ISOLATED, setupFiles: [SETUP] } },
        {
          extends: true,
          test: {
            name: "shared",
            // The files of a process share their modules, so that each is imported once.
            isolate: false,
            include: ALL,
            exclude: [...NOT_OURS, ...ISOLATED, ...REAL_WEIGHTS],
            setupFiles: ["scripts/vitest/shared.ts", SETUP],
          },
        },
        { extends: true, test: { name: "real-weights", include: REAL_WEIGHTS, setupFiles: [SETUP] } },
      ],
      sequence: { setupFiles: "list" },
      // Vitest leaves a core for itself, which on two cores would leave one worker.
      maxWorkers: Math.max(2, availableParallelism() - 1),
      // A busy machine must not fail a test; a test that hangs is found all the same.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 60_000, interval: 10 } },
      // Unattended, on a machine that others use too, a test may have a second try, as in the browser.
      retry: process.env.CI === undefined ? 0 : 1,
    },
  }),
);
