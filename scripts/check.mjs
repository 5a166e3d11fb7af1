/** `npm run check`, the fast loop: format, lint, types and unit tests, two at a time. */
import { CommandError, run } from "./run/message.mjs";
import { executeTool, execute } from "./run/spawn.mjs";
import { ensureInstalled } from "./setup/install.mjs";

/** Files that did not change are not looked at again; `npm test` looks at all, since a rule may cross files. */
const LINT = [".", "--cache", "--cache-strategy", "content", "--cache-location", ".cache/eslint/"];

/** The checks; each chain runs one after the other, the chains side by side. The longest is alone. */
const CHAINS = [
  [
    { name: "types", run: () => execute(process.execPath, ["scripts/typecheck.mjs"], { quiet: true }) },
    { name: "format", run: () => executeTool("prettier/bin/prettier.cjs", ["--check", "."], { quiet: true }) },
    { name: "unit tests", run: () => executeTool("vitest/vitest.mjs", ["run", "--reporter=dot"], { quiet: true }) },
  ],
  [{ name: "lint", run: () => executeTool("eslint/bin/eslint.js", LINT, { quiet: true }) }],
];

await run(async () => {
  await ensureInstalled();
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
  if (failed.length > 0) throw new CommandError(`Not ready: ${failed.join(", ")}.`);
});
