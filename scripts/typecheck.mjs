/** `npm run typecheck`: one TypeScript project per thread, each with the library that exists there. */
import { run, CommandError } from "./run/message.mjs";
import { executeTool } from "./run/spawn.mjs";

/** Folders with a `tsconfig.json`: the page and its tests, the workers, the scripts in Node. */
const PROJECTS = [".", "workers", "scripts"];

await run(async () => {
  /** @type {string[]} */
  const failed = [];
  for (const project of PROJECTS) {
    // The build information lets a second run check only what changed.
    const known = `.cache/tsc-${project.replace(".", "")}.tsbuildinfo`;
    const options = ["--noEmit", "--incremental", "--tsBuildInfoFile", known];
    const { code } = await executeTool("typescript/bin/tsc", ["-p", project, ...options]);
    if (code !== 0) failed.push(project);
  }
  if (failed.length > 0) throw new CommandError(`Type errors in: ${failed.join(", ")}`);
});
