/** `npm run lint`: Oxlint, which knows the types, and ESLint for the rules of this project's own, side by side. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, run } from "./run/message.mjs";
import { executeTool, ROOT } from "./run/spawn.mjs";

/** ESLint's cache notices changed files and settings, but not changed code of our rules, so each version has its own. */
function rulesVersion() {
  const folder = join(ROOT, "scripts/lint");
  const rules = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const files = [join(ROOT, "eslint.config.js"), ...rules.sort().map((name) => join(folder, name))];
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

await run(async () => {
  const cache = ["--cache", "--cache-strategy", "content", "--cache-location", `.cache/eslint-${rulesVersion()}`];
  const results = await Promise.all([
    executeTool("oxlint/bin/oxlint", ["--deny-warnings"], { quiet: true }),
    executeTool("eslint/bin/eslint.js", [".", ...cache], { quiet: true }),
  ]);
  const failed = results.filter(({ code }) => code !== 0);
  for (const { output } of failed) console.log(output.trim());
  if (failed.length > 0) throw new CommandError("The linters found something.");
});
