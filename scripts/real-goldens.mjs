/**
 * `npm run real:goldens`: computes with other runtimes what the tests with real weights expect, and writes it to
 * `real-models/goldens/`. Takes minutes, and installs a gigabyte beside the references. `-- gemma3-270m` names another model
 * than SmolLM2-135M. `-- guide` checks the GGUF files of the guide model instead, `-- splits` writes how
 * tokenizers of GGUF files split texts.
 */
import { existsSync } from "node:fs";
import { CommandError, run } from "./run/message.mjs";
import { execute, ROOT } from "./run/spawn.mjs";
import { ensureInstalled } from "./setup/install.mjs";

const REFERENCES = `${ROOT}/scripts/real-models/references`;

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
async function must(command, args, cwd) {
  const { code } = await execute(command, args, { ...(cwd && { cwd }) });
  if (code !== 0) throw new CommandError(`${command} ${args.join(" ")} failed.`);
}

await run(async () => {
  await ensureInstalled();
  // Without scripts: the packages hold what runs on the CPU.
  if (!existsSync(`${REFERENCES}/node_modules`)) await must("npm", ["ci", "--ignore-scripts"], REFERENCES);
  const [id = "smollm2-135m"] = process.argv.slice(2);
  if (id === "guide" || id === "splits") return must(process.execPath, [`${REFERENCES}/${id}.mjs`]);
  await must(process.execPath, ["scripts/real-models.mjs", id]);
  await must(process.execPath, [`${REFERENCES}/make.mjs`, id]);
});
