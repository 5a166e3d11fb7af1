/** `npm run typecheck`: one TypeScript project for each place that code runs in, with the types that exist there. */
import { run, CommandError } from "./run/message.mjs";
import { executeTool } from "./run/spawn.mjs";

/**
 * Folders with a `tsconfig.json`: the tests with all that they import, and the page, the workers and the scripts alone.
 * The two chains take equally long, so they run side by side.
 */
const CHAINS = [["."], ["src", "workers", "scripts"]];

/**
 * @param {string} project
 * @returns {Promise<boolean>} true if its types are right
 */
async function isSound(project) {
  // The build information lets a second run check only what changed.
  const known = `.cache/tsc-${project.replace(".", "")}.tsbuildinfo`;
  const options = ["--noEmit", "--incremental", "--tsBuildInfoFile", known];
  const { code } = await executeTool("@typescript/native/bin/tsc", ["-p", project, ...options]);
  return code === 0;
}

await run(async () => {
  /** @type {string[]} */
  const failed = [];
  await Promise.all(
    CHAINS.map(async (chain) => {
      for (const project of chain) if (!(await isSound(project))) failed.push(project);
    }),
  );
  if (failed.length > 0) throw new CommandError(`Type errors in: ${failed.join(", ")}`);
});
