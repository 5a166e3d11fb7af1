/** `npm run check`, the fast loop: format, lint, types and unit tests, two at a time. */
import { recordDuration } from "./run/durations.mjs";
import { CommandError, run } from "./run/message.mjs";
import { executeTool, execute, ROOT } from "./run/spawn.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/** A second run skips what did not change. */
const FORMAT = ["--check", ".", "--cache", "--cache-strategy", "content", "--cache-location", ".cache/prettier"];

/**
 * Each chain runs one check after the other, and the chains run side by side. The unit tests take the longest, so they
 * start at once and have both cores when the other chain is done.
 */
const CHAINS = [
  [
    {
      name: "unit tests",
      run: () =>
        executeTool("vitest/vitest.mjs", ["run", "--reporter=dot", "--project=!real-weights"], { quiet: true }),
    },
  ],
  [
    { name: "types", run: () => execute(process.execPath, ["scripts/typecheck.mjs"], { quiet: true }) },
    { name: "format", run: () => executeTool("prettier/bin/prettier.cjs", FORMAT, { quiet: true }) },
    { name: "lint", run: () => execute(process.execPath, ["scripts/lint.mjs"], { quiet: true }) },
  ],
];

await run(async () => {
  await ensureInstalled();
  const begun = performance.now();
  /** @type {string[]} */
  const failed = [];
  await Promise.all(
    CHAINS.map(async (chain) => {
      for (const check of chain) {
        const started = performance.now();
        const { code, output } = await check.run();
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        console.log(`${code === 0 ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
        if (code === 0) continue;
        failed.push(check.name);
        console.log(output.trim());
      }
    }),
  );
  recordDuration(ROOT, "check", (performance.now() - begun) / 1000);
  if (failed.length > 0) throw new CommandError(`Not ready: ${failed.join(", ")}.`);
});
