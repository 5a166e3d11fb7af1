/** `npm run lint`: Oxlint, which knows the types, and ESLint for the rules of this project's own, side by side. */
import { CommandError, run } from "./run/message.mjs";
import { executeTool } from "./run/spawn.mjs";

await run(async () => {
  const results = await Promise.all([
    executeTool("oxlint/bin/oxlint", ["--deny-warnings"], { quiet: true }),
    executeTool("eslint/bin/eslint.js", ["."], { quiet: true }),
  ]);
  const failed = results.filter(({ code }) => code !== 0);
  for (const { output } of failed) console.log(output.trim());
  if (failed.length > 0) throw new CommandError("The linters found something.");
});
